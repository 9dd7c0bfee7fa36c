# What the process "tenant_app" may do with keys. Written by `python -m keys.vault_policies`; change keys/policy.py instead.
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

path "transit/datakey/plaintext/sokham-messaging" {
  capabilities = ["update"]
}

path "transit/keys/sokham-messaging" {
  capabilities = ["read"]
}

path "transit/decrypt/sokham-registry-app" {
  capabilities = ["update"]
}

path "transit/keys/sokham-registry-app" {
  capabilities = ["read"]
}

path "transit/datakey/plaintext/sokham-tokens-staff" {
  capabilities = ["update"]
}

path "transit/decrypt/sokham-tokens-staff" {
  capabilities = ["update"]
}

path "transit/keys/sokham-tokens-staff" {
  capabilities = ["read"]
}
