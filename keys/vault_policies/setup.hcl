# What the process "setup" may do with keys. Written by `python -m keys.vault_policies`; change keys/policy.py instead.
# Renewing and looking up its own token is in Vault's "default" policy, which the AppRole keeps.

path "transit/rewrap/sokham-audit-signing" {
  capabilities = ["update"]
}

path "transit/keys/sokham-audit-signing/rotate" {
  capabilities = ["update"]
}

path "transit/keys/sokham-audit-signing" {
  capabilities = ["create", "read", "update"]
}

path "transit/rewrap/sokham-hospital" {
  capabilities = ["update"]
}

path "transit/keys/sokham-hospital/rotate" {
  capabilities = ["update"]
}

path "transit/keys/sokham-hospital" {
  capabilities = ["create", "read", "update"]
}

path "transit/datakey/plaintext/sokham-index" {
  capabilities = ["update"]
}

path "transit/decrypt/sokham-index" {
  capabilities = ["update"]
}

path "transit/rewrap/sokham-index" {
  capabilities = ["update"]
}

path "transit/keys/sokham-index/rotate" {
  capabilities = ["update"]
}

path "transit/keys/sokham-index" {
  capabilities = ["create", "read", "update"]
}

path "transit/rewrap/sokham-messaging" {
  capabilities = ["update"]
}

path "transit/keys/sokham-messaging/rotate" {
  capabilities = ["update"]
}

path "transit/keys/sokham-messaging" {
  capabilities = ["create", "read", "update"]
}

path "transit/rewrap/sokham-registry-app" {
  capabilities = ["update"]
}

path "transit/keys/sokham-registry-app/rotate" {
  capabilities = ["update"]
}

path "transit/keys/sokham-registry-app" {
  capabilities = ["create", "read", "update"]
}

path "transit/rewrap/sokham-registry-migrate" {
  capabilities = ["update"]
}

path "transit/keys/sokham-registry-migrate/rotate" {
  capabilities = ["update"]
}

path "transit/keys/sokham-registry-migrate" {
  capabilities = ["create", "read", "update"]
}

path "transit/rewrap/sokham-registry-portal" {
  capabilities = ["update"]
}

path "transit/keys/sokham-registry-portal/rotate" {
  capabilities = ["update"]
}

path "transit/keys/sokham-registry-portal" {
  capabilities = ["create", "read", "update"]
}

path "transit/rewrap/sokham-registry-seal" {
  capabilities = ["update"]
}

path "transit/keys/sokham-registry-seal/rotate" {
  capabilities = ["update"]
}

path "transit/keys/sokham-registry-seal" {
  capabilities = ["create", "read", "update"]
}

path "transit/rewrap/sokham-registry-sync" {
  capabilities = ["update"]
}

path "transit/keys/sokham-registry-sync/rotate" {
  capabilities = ["update"]
}

path "transit/keys/sokham-registry-sync" {
  capabilities = ["create", "read", "update"]
}

path "transit/rewrap/sokham-sync-signing" {
  capabilities = ["update"]
}

path "transit/keys/sokham-sync-signing/rotate" {
  capabilities = ["update"]
}

path "transit/keys/sokham-sync-signing" {
  capabilities = ["create", "read", "update"]
}

path "transit/datakey/plaintext/sokham-tokens-central" {
  capabilities = ["update"]
}

path "transit/rewrap/sokham-tokens-central" {
  capabilities = ["update"]
}

path "transit/keys/sokham-tokens-central/rotate" {
  capabilities = ["update"]
}

path "transit/keys/sokham-tokens-central" {
  capabilities = ["create", "read", "update"]
}

path "transit/datakey/plaintext/sokham-tokens-patient" {
  capabilities = ["update"]
}

path "transit/rewrap/sokham-tokens-patient" {
  capabilities = ["update"]
}

path "transit/keys/sokham-tokens-patient/rotate" {
  capabilities = ["update"]
}

path "transit/keys/sokham-tokens-patient" {
  capabilities = ["create", "read", "update"]
}

path "transit/datakey/plaintext/sokham-tokens-staff" {
  capabilities = ["update"]
}

path "transit/rewrap/sokham-tokens-staff" {
  capabilities = ["update"]
}

path "transit/keys/sokham-tokens-staff/rotate" {
  capabilities = ["update"]
}

path "transit/keys/sokham-tokens-staff" {
  capabilities = ["create", "read", "update"]
}

path "transit/keys" {
  capabilities = ["list"]
}
