provider "aws" {
  alias               = "source"
  region              = local.region
  allowed_account_ids = [local.source_account_id]

  assume_role {
    role_arn = "arn:aws:iam::${local.source_account_id}:role/deployer"
  }

  default_tags {
    tags = { Project = local.name }
  }
}

provider "aws" {
  alias               = "target"
  region              = local.region
  allowed_account_ids = [local.target_account_id]

  assume_role {
    role_arn = "arn:aws:iam::${local.target_account_id}:role/deployer"
  }

  default_tags {
    tags = { Project = local.name }
  }
}
