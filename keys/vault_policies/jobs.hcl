# What the process "jobs" may do with keys. Written by `python -m keys.vault_policies`; change keys/policy.py instead.
# Renewing and looking up its own token is in Vault's "default" policy, which the AppRole keeps.

path "transit/datakey/plaintext/sokham-audit-signing" {
  capabilities = ["update"]
}

path "transit/decrypt/sokham-audit-signing" {
  capabilities = ["update"]
}

path "transit/keys/sokham-audit-signing" {
  capabilities = ["read"]
}

path "transit/decrypt/sokham-messaging" {
  capabilities = ["update"]
}

path "transit/keys/sokham-messaging" {
  capabilities = ["read"]
}

path "transit/decrypt/sokham-registry-seal" {
  capabilities = ["update"]
}

path "transit/keys/sokham-registry-seal" {
  capabilities = ["read"]
}
