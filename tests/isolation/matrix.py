"""What each role may do, written out: a change of a grant changes a line here, and somebody reads it.

Rights on single columns name the columns. What is not here, a role may not do; the owners (`sokham_owner`, and a
hospital's `migrate`) may do everything in their own database and are not listed.
"""

from typing import Final

# Whoever writes an audit row chooses neither its id, its time nor its transaction: the seal rests on them.
_ADMIN_AUDIT = (
    "INSERT (action, actor_name, ip_address, new_values, old_values, portal, reason, request_id, "
    "resource_id, resource_type, tenant_id, user_agent, user_id)"
)
_SECURITY_AUDIT = (
    "INSERT (event_details, ip_address, request_id, risk_level, security_event, tenant_id, user_agent, user_id)"
)
_AUDIT = (
    "INSERT (action, actor_kind, changed, ip_address, patient_id, portal, request_id, resource_id, "
    "resource_type, user_agent, user_id)"
)
_AUDIT_WITH_VALUES = (
    "INSERT (action, actor_kind, changed, ip_address, new_values, old_values, patient_id, portal, request_id, "
    "resource_id, resource_type, user_agent, user_id)"
)
# All but the sealed password.
_CREDENTIAL_PLACES = (
    "SELECT (created_at, database_host, database_name, database_port, database_username, "
    "encryption_algorithm, encryption_key_id, id, purpose, rotated_at, tenant_id)"
)

# Central's database.
CENTRAL: Final[dict[str, dict[str, set[str]]]] = {
    "sokham_console": {
        "admin_audit_logs": {_ADMIN_AUDIT, "SELECT"},
        "admin_password_history": {"DELETE", "INSERT", "SELECT"},
        "admin_invites": {"INSERT", "SELECT", "UPDATE"},
        "admin_recovery_codes": {"DELETE", "INSERT", "SELECT", "UPDATE (used_at)"},
        "admin_refresh_tokens": {"INSERT", "SELECT", "UPDATE"},
        "admin_sessions": {"INSERT", "SELECT", "UPDATE"},
        "admin_sign_in_failures": {"DELETE", "INSERT", "SELECT", "UPDATE"},
        "audit_seals": {"SELECT"},
        "audit_signing_keys": {"SELECT (created_at, kid, not_after, public_jwk)"},
        "blind_index_keys": {"SELECT"},
        "central_patient_index": {"SELECT"},
        "data_keys": {"INSERT", "SELECT", "UPDATE"},
        "hospital_audit_heads": {"SELECT"},
        "idempotency_keys": {"DELETE", "INSERT", "SELECT", "UPDATE"},
        "job_leases": {"SELECT"},
        "operations": {"INSERT", "SELECT", "UPDATE"},
        "patient_tombstones": {"SELECT"},
        "permissions": {"SELECT"},
        "person_identifiers": {"SELECT (created_at, digest, id, key_version, person_id, system)"},
        "persons": {"SELECT"},
        "security_audit_logs": {_SECURITY_AUDIT, "SELECT"},
        "signing_keys": {"INSERT", "SELECT", "UPDATE (not_after)"},
        "sync_changes": {"INSERT", "SELECT"},
        "sync_dead_letters": {"SELECT", "UPDATE (decided_at, decided_by, state)"},
        "sync_history": {"SELECT"},
        "sync_keys": {"INSERT", "SELECT", "UPDATE (retired_at)"},
        "tenant_credentials": {"INSERT", _CREDENTIAL_PLACES, "UPDATE"},
        "tenant_sync_status": {"SELECT"},
        "tenant_usage_stats": {"SELECT"},
        "tenants": {"INSERT", "SELECT", "UPDATE"},
        "user_permissions": {"DELETE", "INSERT", "SELECT"},
        "users": {"INSERT", "SELECT", "UPDATE"},
    },
    "sokham_ingest": {
        "central_patient_index": {"DELETE", "INSERT", "SELECT", "UPDATE"},
        "data_keys": {"SELECT"},
        "hospital_audit_heads": {"INSERT", "SELECT"},
        "patient_tombstones": {"INSERT", "SELECT", "UPDATE"},
        "person_identifiers": {"INSERT", "SELECT"},
        "persons": {"INSERT", "SELECT", "UPDATE"},
        "security_audit_logs": {_SECURITY_AUDIT},
        "sync_changes": {"INSERT", "SELECT"},
        "sync_dead_letters": {"INSERT", "SELECT", "UPDATE"},
        "sync_history": {"INSERT", "SELECT"},
        "sync_inbox": {"DELETE", "INSERT", "SELECT"},
        "sync_keys": {"SELECT"},
        "sync_used_tokens": {"DELETE", "INSERT", "SELECT", "UPDATE (expires_at)"},
        "tenant_sync_status": {"INSERT", "SELECT", "UPDATE"},
        "tenant_usage_stats": {"INSERT", "SELECT", "UPDATE"},
        "tenants": {"SELECT"},
    },
    "sokham_route": {},
    "sokham_seal": {
        "admin_audit_logs": {"SELECT"},
        "audit_seals": {"INSERT", "SELECT"},
        "audit_signing_keys": {"INSERT", "SELECT"},
        "hospital_audit_heads": {"SELECT"},
        "job_leases": {"INSERT", "SELECT", "UPDATE"},
        "security_audit_logs": {"SELECT"},
    },
}

CENTRAL_FUNCTIONS: Final[dict[str, set[str]]] = {
    "sokham_console": set(),
    "sokham_ingest": set(),
    "sokham_route": {
        "record_security_event",
        "route_blind_index_keys",
        "route_current_data_key",
        "route_data_key",
        "route_person",
        "route_public_keys",
        "route_signing_key",
        "route_tenant",
        "route_tenant_by_code",
        "route_tenant_by_domain",
        "route_tenants",
    },
    "sokham_seal": {
        "ensure_audit_partitions",
        "prune_expired",
        "route_current_data_key",
        "route_data_key",
        "seal_add_data_key",
    },
}

# A hospital's database, by purpose of the role.
HOSPITAL: Final[dict[str, dict[str, set[str]]]] = {
    "app": {
        "access_findings": {
            "SELECT",
            "UPDATE (decided_at, decided_by, decided_patients, note, state, updated_at, version)",
        },
        "appointment_code_numbers": {"USAGE"},
        "appointment_moves": {"INSERT", "SELECT"},
        "appointment_reminders": {"INSERT", "SELECT", "UPDATE (reason, status)"},
        "appointments": {"INSERT", "SELECT", "UPDATE"},
        "audit_checks": {"SELECT"},
        "audit_logs": {_AUDIT_WITH_VALUES, "SELECT"},
        "audit_seals": {"SELECT (last_id, row_count, sealed_at, sequence)"},
        "data_keys": {"INSERT", "SELECT"},
        "departments": {"INSERT", "SELECT", "UPDATE"},
        "doctor_schedules": {"DELETE", "INSERT", "SELECT", "UPDATE"},
        "event_subscriptions": {"INSERT", "SELECT", "UPDATE (is_active, updated_at)"},
        "holidays": {"DELETE", "INSERT", "SELECT"},
        "hospital_identity": {"SELECT"},
        "hospital_info": {"SELECT", "UPDATE"},
        "hospital_sync": {"SELECT"},
        "idempotency_keys": {"DELETE", "INSERT", "SELECT", "UPDATE"},
        "notices": {"SELECT", "UPDATE (read_at)"},
        "outbox": {"INSERT"},
        "patient_allergies": {"INSERT", "SELECT", "UPDATE (end_reason, ended_at, ended_by, reaction, severity)"},
        "password_history": {"DELETE", "INSERT", "SELECT"},
        "patient_code_numbers": {"USAGE"},
        "patient_contacts": {"INSERT", "SELECT", "UPDATE (call_first, end_reason, ended_at, ended_by)"},
        "patient_history": {"INSERT", "SELECT", "UPDATE (end_reason, ended_at, ended_by)"},
        "patient_insurance_cards": {"INSERT", "SELECT", "UPDATE (end_reason, ended_at, ended_by)"},
        "patient_identifiers": {"INSERT", "SELECT", "UPDATE"},
        "patient_import_files": {"DELETE", "INSERT", "SELECT"},
        "patient_import_rows": {"DELETE", "INSERT", "SELECT", "UPDATE"},
        "patient_imports": {"INSERT", "SELECT", "UPDATE"},
        "patient_links": {"SELECT", "UPDATE (end_reason, ended_at)"},
        "patient_login_logs": {"SELECT"},
        "patient_portal_preferences": {"INSERT", "SELECT", "UPDATE (preference_value, updated_at)"},
        "patient_sessions": {"SELECT", "UPDATE (end_reason, ended_at)"},
        "patient_users": {
            "SELECT (created_at, id, last_login_at, mfa_enabled, patient_id, status, updated_at)",
            "UPDATE (status, updated_at)",
        },
        "patient_status_changes": {"INSERT", "SELECT"},
        "patients": {"INSERT", "SELECT", "UPDATE"},
        "portal_invites": {
            "INSERT",
            "SELECT (created_at, created_by, expires_at, id, patient_id, replaced_at, tag, tries, used_at)",
            "UPDATE (replaced_at)",
        },
        "queue_counters": {"INSERT", "SELECT", "UPDATE (last_number)"},
        "queue_entries": {"INSERT", "SELECT", "UPDATE"},
        "queue_steps": {"INSERT", "SELECT", "UPDATE (undone_at)"},
        "reminder_settings": {"SELECT", "UPDATE"},
        "roles": {"DELETE", "INSERT", "SELECT", "UPDATE"},
        "saved_filters": {"DELETE", "INSERT", "SELECT", "UPDATE (is_default, name, parameters, updated_at, version)"},
        "schedule_exceptions": {"DELETE", "INSERT", "SELECT"},
        "staff_invites": {"DELETE", "INSERT", "SELECT", "UPDATE"},
        "staff_recovery_codes": {"DELETE", "INSERT", "SELECT", "UPDATE (used_at)"},
        "staff_refresh_tokens": {"DELETE", "INSERT", "SELECT", "UPDATE"},
        "staff_sessions": {"DELETE", "INSERT", "SELECT", "UPDATE"},
        "staff_sign_in_failures": {"DELETE", "INSERT", "SELECT", "UPDATE"},
        "system_configs": {"DELETE", "INSERT", "SELECT", "UPDATE"},
        "user_roles": {"DELETE", "INSERT", "SELECT"},
        "users": {"INSERT", "SELECT", "UPDATE"},
        "websocket_connections": {"DELETE", "INSERT", "SELECT", "UPDATE (seen_at)"},
    },
    "portal": {
        "appointment_code_numbers": {"USAGE"},
        "appointments": {
            "INSERT",
            "SELECT",
            "UPDATE (cancellation_reason, cancelled_at, cancelled_by_kind, status, updated_at, updated_by, version)",
        },
        "audit_logs": {_AUDIT},
        "data_keys": {"INSERT", "SELECT"},
        "departments": {"SELECT"},
        "doctor_schedules": {
            "SELECT (department_id, doctor_id, end_time, slot_minutes, start_time, valid_from, valid_until, weekday)"
        },
        "holidays": {"SELECT"},
        "hospital_identity": {"SELECT"},
        "hospital_info": {"SELECT"},
        "hospital_sync": {"SELECT"},
        "idempotency_keys": {"DELETE", "INSERT", "SELECT", "UPDATE"},
        "patient_allergies": {"SELECT (ended_at, patient_id, reaction, severity, substance)"},
        "patient_contacts": {
            "SELECT (call_first, ended_at, full_name, id, is_guardian, patient_id, phone, relation)",
        },
        "patient_history": {"SELECT (ended_at, icd10, id, kind, patient_id, since_year, what)"},
        "patient_insurance_cards": {
            "SELECT (ended_at, facility_code, identifier_id, patient_id, valid_from, valid_to)",
        },
        "patient_identifiers": {"SELECT"},
        "patient_links": {"INSERT", "SELECT", "UPDATE"},
        "patient_login_logs": {"INSERT", "SELECT"},
        "patient_notifications": {"SELECT", "UPDATE (read_at)"},
        "patient_recovery_codes": {"DELETE", "INSERT", "SELECT", "UPDATE (used_at)"},
        "patient_portal_preferences": {"INSERT", "SELECT", "UPDATE (preference_value, updated_at)"},
        "patient_refresh_tokens": {"DELETE", "INSERT", "SELECT", "UPDATE"},
        "patient_sessions": {"DELETE", "INSERT", "SELECT", "UPDATE"},
        "patient_sign_in_failures": {"DELETE", "INSERT", "SELECT", "UPDATE"},
        "patient_users": {"INSERT", "SELECT", "UPDATE"},
        "patients": {"SELECT"},
        "schedule_exceptions": {
            "SELECT (department_id, doctor_id, end_time, first_day, kind, last_day, slot_minutes, start_time)"
        },
        "reminder_settings": {"SELECT (email_on, needs_consent, sms_on)"},
        "users": {"SELECT (department_id, full_name, id, role, status)"},
    },
    "sync": {
        "data_keys": {"SELECT"},
        "hospital_identity": {"SELECT"},
        "hospital_sync": {"SELECT"},
        "sync_signing_keys": {"SELECT"},
    },
    "seal": {
        "access_findings": {"INSERT", "SELECT", "UPDATE"},
        "access_tallies": {"INSERT", "SELECT", "UPDATE"},
        "access_watch": {"INSERT", "SELECT", "UPDATE"},
        "audit_checks": {"INSERT", "SELECT"},
        "audit_logs": {"SELECT"},
        "audit_seals": {"INSERT", "SELECT"},
        "holidays": {"SELECT (end_time, first_day, last_day, start_time)"},
        "hospital_identity": {"SELECT"},
        "hospital_info": {"SELECT (business_hours)"},
        "hospital_sync": {"SELECT"},
        "outbox": {"INSERT"},
        "system_configs": {"SELECT (config_key, config_value, portal)"},
        "usage_days": {"INSERT", "SELECT", "UPDATE"},
        "users": {"SELECT (department_id, id, role)"},
    },
}

HOSPITAL_FUNCTIONS: Final[dict[str, set[str]]] = {
    "app": {
        "booking_patient_status",
        "code_text",
        "doctor_busy_times",
        "next_appointment_code",
        "next_patient_code",
        "plan_reminders",
        "portal_account",
        "portal_patient",
        "portal_take_second_factor",
        "reminder_obstacle",
        "take_back_patients",
        "reminder_phone",
        "vietnamese_order",
    },
    "portal": {
        "booking_patient_status",
        "code_text",
        "doctor_busy_times",
        "next_appointment_code",
        "next_patient_code",
        "portal_account",
        "portal_account_of_refresh_token",
        "portal_accounts_by_identifier",
        "portal_lines",
        "portal_linked_account",
        "portal_own_numbers",
        "portal_pace",
        "portal_patient",
        "portal_redeem_invite",
        "vietnamese_order",
    },
    "sync": {
        "sync_backlog",
        "sync_bury",
        "sync_claim",
        "sync_decide",
        "sync_due",
        "sync_fail",
        "sync_merge_person",
        "sync_release",
        "sync_settle",
        "sync_settle_person",
        "sync_store_cursor",
    },
    "seal": {
        "access_to_own_people",
        "access_without_visit",
        "audit_make_partitions",
        "mark_no_shows",
        "messaging_data_key",
        "messaging_settings",
        "note_no_shows",
        "prune_expired",
        "prune_notices",
        "prune_patient_imports",
        "prune_reminders",
        "reminders_claim",
        "reminders_claim_addressed",
        "reminders_hand_over",
        "reminders_overdue",
        "reminders_settle",
        "reminders_via",
        "usage_of_day",
    },
}
