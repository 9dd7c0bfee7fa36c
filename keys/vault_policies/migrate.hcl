# What the process "migrate" may do with keys. Written by `python -m keys.vault_policies`; change keys/policy.py instead.
# Renewing and looking up its own token is in Vault's "default" policy, which the AppRole keeps.

path "transit/decrypt/sokham-registry-migrate" {
  capabilities = ["update"]
}

path "transit/keys/sokham-registry-migrate" {
  capabilities = ["read"]
}
