# The key store. It starts sealed: docs/production.md tells how it is made, unsealed, and given its policies.
storage "file" {
  path = "/openbao/file"
}

listener "tcp" {
  address       = "0.0.0.0:8200"
  tls_cert_file = "/run/secrets/vault_certificate"
  tls_key_file  = "/run/secrets/vault_key"
}

api_addr = "https://vault:8200"
