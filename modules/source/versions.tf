terraform {
  required_version = ">= 1.9"

  required_providers {
    aws = {
      source = "hashicorp/aws"
      # 5.100.0 is what the tests run. Of 6 only the documentation was read: no argument or attribute
      # that this module uses is deprecated or gone there.
      version = ">= 5.100, < 7"
    }
  }
}
