# What the process "patient_portal" may do with keys. Written by `python -m keys.vault_policies`; change keys/policy.py instead.
# Renewing and looking up its own token is in Vault's "default" policy, which the AppRole keeps.

path "transit/datakey/plaintext/sokham-hospital" {
  capabilities = ["update"]
}

path "transit/decrypt/sokham-hospital" {
  capabilities = ["update"]
}

path "transit/keys/sokham-hospital" {
  capabilities = ["read"]
}

path "transit/decrypt/sokham-index" {
  capabilities = ["update"]
}

path "transit/keys/sokham-index" {
  capabilities = ["read"]
}

path "transit/decrypt/sokham-registry-portal" {
  capabilities = ["update"]
}

path "transit/keys/sokham-registry-portal" {
  capabilities = ["read"]
}

path "transit/datakey/plaintext/sokham-tokens-patient" {
  capabilities = ["update"]
}

path "transit/decrypt/sokham-tokens-patient" {
  capabilities = ["update"]
}

path "transit/keys/sokham-tokens-patient" {
  capabilities = ["read"]
}
