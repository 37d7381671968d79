variable "account_id" {
  description = "The account."
  type        = string
}

variable "region" {
  description = "The provider's region."
  type        = string
}

variable "alert_emails" {
  description = "Who hears of severe findings."
  type        = list(string)
  validation {
    condition     = length(var.alert_emails) > 0
    error_message = "Somebody has to hear of it."
  }
}
