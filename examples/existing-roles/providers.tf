provider "aws" {
  alias               = "source"
  region              = var.region
  allowed_account_ids = [var.source_account.account_id]

  dynamic "assume_role" {
    for_each = var.source_account.assume_role_arn[*]

    content {
      role_arn = assume_role.value
    }
  }
}

provider "aws" {
  alias               = "target"
  region              = var.region
  allowed_account_ids = [var.target_account.account_id]

  dynamic "assume_role" {
    for_each = var.target_account.assume_role_arn[*]

    content {
      role_arn = assume_role.value
    }
  }
}
