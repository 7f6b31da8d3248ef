"""What tests look for in logs and messages: marks that no port, date or number holds by chance."""

from __future__ import annotations

CONF_MARK = "conf-Zq7vK2xWt9LmRb4HsYd8NcPf"
OTHER_MARK = "conf-Gd3wTe6JuXn5VaQk9BhMyLr2"
NUMBER_MARK = 8_364_719_250_837_461
MARKS = (CONF_MARK, OTHER_MARK, str(NUMBER_MARK))
