variable "finance_account" {
  description = "Account of the first source. `assume_role_arn` is the role that deploys to it. Omit it if your own credentials belong to the account."
  type = object({
    account_id      = string
    assume_role_arn = optional(string)
  })
  nullable = false
}

variable "mwaa_environments" {
  description = "Names of the MWAA environments whose DAGs both sources can trigger."
  type        = set(string)
  nullable    = false
}

variable "name" {
  description = "Name of the function. The state machine of a source is called `NAME-SOURCE`."
  type        = string
  nullable    = false
}

variable "region" {
  description = "Region of all accounts."
  type        = string
  nullable    = false
}

variable "sales_account" {
  description = "Account of the second source. `assume_role_arn` is the role that deploys to it. Omit it if your own credentials belong to the account."
  type = object({
    account_id      = string
    assume_role_arn = optional(string)
  })
  nullable = false
}

variable "target_account" {
  description = "Account of MWAA. `assume_role_arn` is the role that deploys to it. Omit it if your own credentials belong to the account."
  type = object({
    account_id      = string
    assume_role_arn = optional(string)
  })
  nullable = false
}
