variable "mwaa_environments" {
  description = "Names of the MWAA environments whose DAGs the function may trigger."
  type        = set(string)
  nullable    = false
}

variable "name" {
  description = "Name of the state machine, the function and their log groups."
  type        = string
  nullable    = false
}

variable "region" {
  description = "Region of both accounts."
  type        = string
  nullable    = false
}

variable "role_arns" {
  description = "ARNs of the roles that the IAM team creates: `state_machine` in the source account, `function` and `invoker` in the target account."
  type = object({
    function      = string
    invoker       = string
    state_machine = string
  })
  nullable = false
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
  description = "Account of MWAA. `assume_role_arn` is the role that deploys to it. Omit it if your own credentials belong to the account."
  type = object({
    account_id      = string
    assume_role_arn = optional(string)
  })
  nullable = false
}
