variable "name" {
  description = "Name of the state machine here and of the function there."
  type        = string
  nullable    = false
}

variable "region" {
  description = "Region of both accounts."
  type        = string
  nullable    = false
}

variable "source_account_id" {
  description = "This account."
  type        = string
  nullable    = false
}

variable "target_account_id" {
  description = "The account of MWAA."
  type        = string
  nullable    = false
}
