terraform {
  required_version = ">= 1.9"

  required_providers {
    aws = {
      source = "hashicorp/aws"
      # The tests run 5.100.0. Of 6, only the schema was checked (6.25.0), which has every argument and attribute
      # that is used here.
      version = ">= 5.100, < 7"
    }
  }
}
