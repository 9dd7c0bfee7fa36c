"""Handing messages to the servers that deliver them: e-mail by SMTP, SMS by a gateway, either into a folder."""
