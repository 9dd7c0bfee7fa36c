# What the process "central" may do with keys. Written by `python -m keys.vault_policies`; change keys/policy.py instead.
# Renewing and looking up its own token is in Vault's "default" policy, which the AppRole keeps.

path "transit/datakey/plaintext/sokham-hospital" {
  capabilities = ["update"]
}

path "transit/keys/sokham-hospital" {
  capabilities = ["read"]
}

path "transit/datakey/plaintext/sokham-index" {
  capabilities = ["update"]
}

path "transit/decrypt/sokham-index" {
  capabilities = ["update"]
}

path "transit/keys/sokham-index" {
  capabilities = ["read"]
}

path "transit/datakey/plaintext/sokham-registry-app" {
  capabilities = ["update"]
}

path "transit/keys/sokham-registry-app" {
  capabilities = ["read"]
}

path "transit/datakey/plaintext/sokham-registry-migrate" {
  capabilities = ["update"]
}

path "transit/keys/sokham-registry-migrate" {
  capabilities = ["read"]
}

path "transit/datakey/plaintext/sokham-registry-portal" {
  capabilities = ["update"]
}

path "transit/keys/sokham-registry-portal" {
  capabilities = ["read"]
}

path "transit/datakey/plaintext/sokham-registry-seal" {
  capabilities = ["update"]
}

path "transit/keys/sokham-registry-seal" {
  capabilities = ["read"]
}

path "transit/datakey/plaintext/sokham-registry-sync" {
  capabilities = ["update"]
}

path "transit/keys/sokham-registry-sync" {
  capabilities = ["read"]
}

path "transit/datakey/plaintext/sokham-sync-signing" {
  capabilities = ["update"]
}

path "transit/keys/sokham-sync-signing" {
  capabilities = ["read"]
}

path "transit/datakey/plaintext/sokham-tokens-central" {
  capabilities = ["update"]
}

path "transit/decrypt/sokham-tokens-central" {
  capabilities = ["update"]
}

path "transit/keys/sokham-tokens-central" {
  capabilities = ["read"]
}
