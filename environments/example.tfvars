# The variables of one environment. Copy this file, name the copy after the workspace, and deploy:
#
#   make package
#   terraform workspace select -or-create staging
#   terraform apply -var-file=environments/staging.tfvars

# First part of all names. The workspace is the last part: "data-onboarding-staging". Both together can
# have up to 55 characters. Roles exist once for all Regions, so use another name in a second Region.
name = "data-onboarding"

# Region of both accounts.
region = "eu-central-1"

# Account of the state machine. If your credentials belong to a different account, Terraform stops before
# it creates anything.
source_account = {
  account_id = "111111111111"

  # Role that deploys to the account. Omit it if your own credentials belong to the account.
  assume_role_arn = "arn:aws:iam::111111111111:role/deployer"

  # Alarms about executions that end badly, and a dashboard. Each alarm notifies these topics. Add
  # schedule = { hours = 25 } for an alarm when no execution has succeeded for 25 hours.
  alarms = { actions = ["arn:aws:sns:eu-central-1:111111111111:on-call"] }
}

# Account of MWAA and the Lambda function. It can be the same account as above.
target_account = {
  account_id      = "222222222222"
  assume_role_arn = "arn:aws:iam::222222222222:role/deployer"

  # Alarms about the function and MWAA, and a dashboard.
  alarms = { actions = ["arn:aws:sns:eu-central-1:222222222222:on-call"] }
}

# Names of the MWAA environments whose DAGs may be triggered. The function cannot access any others.
mwaa_environments = ["analytics"]

# How the function talks to Airflow. "cli", the default, works with every version, but its tokens can run
# any Airflow command in the environment. "rest" requires Airflow 2.4.3 or later. It is faster, and
# Airflow's own roles limit what it can do.
transport = "rest"

# Airflow role of the function, for "rest" only. The default, User, can trigger and read DAG runs. Op can
# also change connections and variables. You can use your own Airflow role as well.
airflow_role = "User"

# Lambda functions of the source account that run before the trigger, in this order. Each receives the
# input of the execution together with the results of the previous functions. Its own result is stored at
# result_path, or dropped if you omit result_path. Omit preliminary_tasks if there is nothing to run first.
preliminary_tasks = [
  {
    name        = "Update Client Database"
    lambda_arn  = "arn:aws:lambda:eu-central-1:111111111111:function:update-client-database"
    result_path = "$.status"
  },
]

# Makes the execution wait until the DAG run ends, and fail if the DAG run fails. In that case, clear the
# failed tasks in Airflow and redrive the execution. The interval between polls grows with the time waited,
# unless you set poll_interval_seconds. Omit wait_for_completion to end the execution after the trigger.
wait_for_completion = {
  timeout_seconds = 14400
}

# Creates a second state machine, which triggers a DAG run for each item of a list. The list is in its
# input or in this bucket of the source account. At most 8 items run at once, and the batch stops if more
# than 5 % of the items fail. Omit batch if you do not trigger lists of DAG runs.
batch = {
  bucket                       = "data-onboarding-batches"
  prefix                       = "staging/"
  max_concurrency              = 8
  tolerated_failure_percentage = 5
}

# Sends a sentence to this topic of the source account for each execution that ends badly: which execution,
# which error, what to do. The topic's policy must allow events.amazonaws.com to publish.
notifications = { topic_arn = "arn:aws:sns:eu-central-1:111111111111:data-onboarding" }

# The source assumes a separate role, which can only invoke the function. By default, it assumes the role
# of the function, and a condition limits all other permissions of that role to the function itself.
dedicated_invoker_role = true

# Log of the executions. The level is OFF, ERROR, FATAL or ALL. Input and output can contain personal data
# and are not logged by default. At level ALL, the arguments of tasks can contain it as well.
logging = {
  level                  = "ERROR"
  include_execution_data = false
  retention_in_days      = 90
}

# Size of the Lambda function, with the default values. The timeout must be at least 60 s. 300 s leave
# time for a slow web server and a second attempt. The function mostly waits during this time.
function = {
  architecture = "arm64"
  memory_size  = 256
  timeout      = 300
}

# Tags of all resources, in addition to Project (the name above) and Environment (the workspace).
tags = {
  Team = "data-platform"
}
