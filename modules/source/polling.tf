locals {
  # The interval grows between these. Over the CLI, each poll starts a process on the web server, so polling starts
  # later.
  min_interval = var.target.transport == "rest" ? 15 : 30
  max_interval = 300

  growing_interval = templatefile("${path.module}/poll_interval.jsonata", {
    min = local.min_interval
    max = local.max_interval
  })

  # Wait for DAG Run, Check DAG Run and DAG Run Ended? are entered and exited, and the task is scheduled, started and
  # ended. An execution history holds 25,000 events ("Quotas related to state machine executions"), of which 1,000
  # remain for preliminary tasks, the trigger and retries.
  events_per_poll = 9
  max_polls       = floor((25000 - 1000) / local.events_per_poll)

  # The most polls until a quarter of the time waited, t, is max_interval. The first 4 intervals are min_interval. Each
  # later one adds a quarter of t, rounded down to whole seconds, which is at least (t - 3) / 4, so t - 3 grows by
  # 25 % or more. The duration of the polls themselves only makes them fewer.
  growing_polls = 4 + ceil(log((4 * local.max_interval - 3) / (4 * local.min_interval - 3), 1.25))

  # The longest timeout_seconds that a growing interval reaches within max_polls. From max_interval on it is linear.
  longest_timeout = 4 * local.max_interval + (local.max_polls - local.growing_polls) * local.max_interval
}
