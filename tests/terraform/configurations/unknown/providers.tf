provider "aws" {
  alias  = "source"
  region = "eu-central-1"

  assume_role {
    role_arn = "arn:aws:iam::111111111111:role/deployer"
  }
}

provider "aws" {
  alias  = "target"
  region = "eu-central-1"

  assume_role {
    role_arn = "arn:aws:iam::222222222222:role/deployer"
  }
}
