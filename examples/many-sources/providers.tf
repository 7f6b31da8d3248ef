provider "aws" {
  alias               = "finance"
  region              = var.region
  allowed_account_ids = [var.finance_account.account_id]

  dynamic "assume_role" {
    for_each = var.finance_account.assume_role_arn[*]

    content {
      role_arn = assume_role.value
    }
  }
}

provider "aws" {
  alias               = "sales"
  region              = var.region
  allowed_account_ids = [var.sales_account.account_id]

  dynamic "assume_role" {
    for_each = var.sales_account.assume_role_arn[*]

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
