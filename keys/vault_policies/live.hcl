# What the process "live" may do with keys. Written by `python -m keys.vault_policies`; change keys/policy.py instead.
# Renewing and looking up its own token is in Vault's "default" policy, which the AppRole keeps.

path "transit/decrypt/sokham-registry-app" {
  capabilities = ["update"]
}

path "transit/keys/sokham-registry-app" {
  capabilities = ["read"]
}
