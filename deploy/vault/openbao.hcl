# The key store. It starts sealed: docs/production.md tells how it is made, unsealed, and given its policies.
storage "raft" {
  path    = "/openbao/file"
  node_id = "vault"
}

listener "tcp" {
  address       = "0.0.0.0:8200"
  tls_cert_file = "/run/secrets/vault_certificate"
  tls_key_file  = "/run/secrets/vault_key"
}

api_addr     = "https://vault:8200"
cluster_addr = "https://vault:8201"

# Who asked for which key and when, with tokens and answers as HMACs, in the container's log.
audit "file" "stdout" {
  options {
    file_path = "stdout"
  }
}
