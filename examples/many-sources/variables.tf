variable "finance_account" {
  description = "Account of one source, and the role that deploys there (without one, the caller does)."
  type = object({
    account_id      = string
    assume_role_arn = optional(string)
  })
  nullable = false
}

variable "mwaa_environments" {
  description = "Names of the MWAA environments whose DAGs both sources may trigger."
  type        = set(string)
  nullable    = false
}

variable "name" {
  description = "Name of the function; a source's state machine has the source's name behind it."
  type        = string
  nullable    = false
}

variable "region" {
  description = "Region of all accounts."
  type        = string
  nullable    = false
}

variable "sales_account" {
  description = "Account of the other source, and the role that deploys there (without one, the caller does)."
  type = object({
    account_id      = string
    assume_role_arn = optional(string)
  })
  nullable = false
}

variable "target_account" {
  description = "Account of MWAA, and the role that deploys there (without one, the caller does)."
  type = object({
    account_id      = string
    assume_role_arn = optional(string)
  })
  nullable = false
}
