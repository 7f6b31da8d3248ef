# The local AWS with two accounts that `make demo` and `make sandbox` use.
region = "eu-central-1"

source_account = {
  account_id      = "111111111111"
  assume_role_arn = "arn:aws:iam::111111111111:role/deployer"
}

target_account = {
  account_id      = "222222222222"
  assume_role_arn = "arn:aws:iam::222222222222:role/deployer"
}

mwaa_environments = ["sandbox"]

preliminary_tasks = [{
  name        = "RDS Hack Update Task"
  lambda_arn  = "arn:aws:lambda:eu-central-1:111111111111:function:rds-hack-update"
  result_path = "$.status"
}]
