variable "availability_zones" {
  description = "Two Availability Zones for the subnets."
  type        = list(string)
  nullable    = false
}

variable "cidr_block" {
  description = "Address range of the VPC. Defaults to `10.20.0.0/16`."
  type        = string
  nullable    = false
  default     = "10.20.0.0/16"
}

variable "mwaa_environments" {
  description = "MWAA environments whose DAGs the function may trigger. The value is the environment's `WebserverVpcEndpointService`, for which this example creates an endpoint, or `null` if MWAA creates the endpoint or the environment does not exist yet."
  type        = map(string)
  nullable    = false
}

variable "name" {
  description = "Name of the state machine and the function. Roles, log groups and the network are named after it."
  type        = string
  nullable    = false
}

variable "region" {
  description = "Region of both accounts."
  type        = string
  nullable    = false
}

variable "source_account" {
  description = "Account of the state machine. `assume_role_arn` is the role that deploys to it. Omit it if your own credentials belong to the account."
  type = object({
    account_id      = string
    assume_role_arn = optional(string)
  })
  nullable = false
}

variable "target_account" {
  description = "Account of MWAA and the VPC. `assume_role_arn` is the role that deploys to it. Omit it if your own credentials belong to the account."
  type = object({
    account_id      = string
    assume_role_arn = optional(string)
  })
  nullable = false
}

variable "transport" {
  description = "How the function communicates with Airflow: `cli` (the default) or `rest`."
  type        = string
  nullable    = false
  default     = "cli"
}
