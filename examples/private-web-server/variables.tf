variable "availability_zones" {
  description = "The two Availability Zones of the subnets."
  type        = list(string)
  nullable    = false
}

variable "cidr_block" {
  description = "Addresses of the VPC."
  type        = string
  nullable    = false
  default     = "10.20.0.0/16"
}

variable "mwaa_environments" {
  description = "The environments whose DAGs may be triggered: by name the WebserverVpcEndpointService of each, for which an endpoint is made here; null where MWAA makes it, or the environment is still to come."
  type        = map(string)
  nullable    = false
}

variable "name" {
  description = "Name of the state machine and of the function; roles, log groups and the network are named after it."
  type        = string
  nullable    = false
}

variable "region" {
  description = "Region of both accounts."
  type        = string
  nullable    = false
}

variable "source_account" {
  description = "Account of the state machine, and the role that deploys there (without one, the caller does)."
  type = object({
    account_id      = string
    assume_role_arn = optional(string)
  })
  nullable = false
}

variable "target_account" {
  description = "Account of MWAA and the VPC, and the role that deploys there (without one, the caller does)."
  type = object({
    account_id      = string
    assume_role_arn = optional(string)
  })
  nullable = false
}

variable "transport" {
  description = "How the function reaches Airflow: cli or rest."
  type        = string
  nullable    = false
  default     = "cli"
}
