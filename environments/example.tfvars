# A real environment. Copy this file under the name of its workspace, then:
#
#   make package
#   terraform workspace select -or-create staging
#   terraform apply -var-file=environments/staging.tfvars

# First part of all names; the workspace is the last: "data-onboarding-staging". Together with it
# at most 55 characters. Roles have no Region: in a second one use another name.
name = "data-onboarding"

# Both accounts are used in this Region.
region = "eu-central-1"

# Where the state machine goes. An apply with credentials of any other account stops at once.
source_account = {
  account_id = "111111111111"

  # The role that deploys there. Leave it out where your own credentials are of that account.
  assume_role_arn = "arn:aws:iam::111111111111:role/deployer"
}

# Where MWAA is, and the Lambda goes. The same account as above will do, too.
target_account = {
  account_id      = "222222222222"
  assume_role_arn = "arn:aws:iam::222222222222:role/deployer"
}

# The environments, by name, whose DAGs may be triggered: the function gets no access to others.
mwaa_environments = ["analytics"]

# How the function reaches Airflow. "cli", the default, works with every version, but its token for an
# environment is good for any Airflow command there. "rest", from Airflow 2.4.3 on, is faster, and
# Airflow's own roles apply.
transport = "rest"

# With "rest": the Airflow role as which the function acts. User, the default, is enough to trigger and
# to read DAG runs; Op may also change connections and variables. A role of your own will do, too.
airflow_role = "User"

# Lambda functions of the source account that run first, in this order. Each gets the execution's
# input with the results of those before it; its own is added at result_path. Leave result_path out
# to drop the result, and leave the whole list out where there is nothing to do first.
preliminary_tasks = [
  {
    name        = "Update Client Database"
    lambda_arn  = "arn:aws:lambda:eu-central-1:111111111111:function:update-client-database"
    result_path = "$.status"
  },
]

# The execution waits for the end of the DAG run, and fails if that does; then clear the failed tasks
# in Airflow and redrive the execution. The longer it waits, the longer the interval between its polls,
# unless you set poll_interval_seconds. Leave it out to end once the DAG run is triggered.
wait_for_completion = {
  timeout_seconds = 14400
}

# A second state machine, which onboards all of a list that it gets or finds in this bucket of the source
# account. At most so many at once; at most 5 % may fail before no more are started. Leave it out where
# onboardings come one by one.
batch = {
  bucket                       = "data-onboarding-batches"
  prefix                       = "staging/"
  max_concurrency              = 8
  tolerated_failure_percentage = 5
}

# The source assumes a role of its own, which may invoke the function and nothing else. Without it,
# it assumes the function's role, where a condition keeps all but that for the function.
dedicated_invoker_role = true

# What the log of the executions holds: OFF, ERROR, FATAL or ALL. Input and output may hold clients'
# data, so they are left out unless you say otherwise; at level ALL, the arguments of tasks may hold it, too.
logging = {
  level                  = "ERROR"
  include_execution_data = false
  retention_in_days      = 90
}

# The Lambda's size. These are the defaults: 300 s leave time for a slow web server and a second
# look; the function is idle most of that time. 60 s are the least.
function = {
  architecture = "arm64"
  memory_size  = 256
  timeout      = 300
}

# Besides Project (the name above) and Environment (the workspace).
tags = {
  Team = "data-platform"
}
