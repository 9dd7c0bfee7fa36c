# What the process "sync_worker" may do with keys. Written by `python -m keys.vault_policies`; change keys/policy.py instead.
# Renewing and looking up its own token is in Vault's "default" policy, which the AppRole keeps.

path "transit/datakey/plaintext/sokham-index" {
  capabilities = ["update"]
}

path "transit/decrypt/sokham-index" {
  capabilities = ["update"]
}

path "transit/keys/sokham-index" {
  capabilities = ["read"]
}

path "transit/decrypt/sokham-registry-sync" {
  capabilities = ["update"]
}

path "transit/keys/sokham-registry-sync" {
  capabilities = ["read"]
}

path "transit/decrypt/sokham-sync-signing" {
  capabilities = ["update"]
}

path "transit/keys/sokham-sync-signing" {
  capabilities = ["read"]
}
