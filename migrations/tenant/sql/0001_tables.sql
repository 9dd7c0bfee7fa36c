-- Tables of the hospital core. Names of constraints are part of the interface: errors are told by them.

CREATE TABLE audit_logs (
    id uuid DEFAULT uuidv7() NOT NULL,
    created_at timestamptz DEFAULT now() NOT NULL,
    xid xid8 DEFAULT pg_current_xact_id() NOT NULL,
    actor_kind varchar(10) NOT NULL,
    user_id uuid,
    portal varchar(20) NOT NULL,
    action varchar(100) NOT NULL,
    resource_type varchar(100) NOT NULL,
    resource_id varchar(255),
    patient_id uuid,
    changed jsonb DEFAULT '[]' NOT NULL,
    request_id varchar(64),
    ip_address inet,
    user_agent varchar(255),
    CONSTRAINT pk_audit_logs PRIMARY KEY (id, created_at),
    CONSTRAINT ck_audit_logs_actor_kind CHECK (actor_kind IN ('staff', 'patient', 'admin', 'worker')),
    CONSTRAINT ck_audit_logs_portal CHECK (portal IN ('hospital', 'patient', 'admin'))
) PARTITION BY RANGE (created_at);
CREATE INDEX ix_audit_logs_patient ON audit_logs (patient_id, created_at, id) WHERE patient_id IS NOT NULL;
CREATE INDEX ix_audit_logs_sealing ON audit_logs (xid, id);
CREATE INDEX ix_audit_logs_user ON audit_logs (user_id, created_at);

CREATE TABLE audit_seals (
    id uuid DEFAULT uuidv7() NOT NULL,
    sequence bigint NOT NULL,
    first_xid xid8 NOT NULL,
    first_id uuid NOT NULL,
    last_xid xid8 NOT NULL,
    last_id uuid NOT NULL,
    row_count bigint NOT NULL,
    digest bytea NOT NULL,
    previous bytea NOT NULL,
    signature text,
    key_id varchar(100),
    sealed_at timestamptz DEFAULT now() NOT NULL,
    CONSTRAINT pk_audit_seals PRIMARY KEY (id),
    CONSTRAINT ck_audit_seals_row_count CHECK (row_count > 0),
    CONSTRAINT uq_audit_seals_sequence UNIQUE (sequence)
);

CREATE TABLE data_keys (
    dek_id uuid NOT NULL,
    scope varchar(50) NOT NULL,
    kek_version integer NOT NULL,
    wrapped text NOT NULL,
    created_at timestamptz DEFAULT now() NOT NULL,
    retired_at timestamptz,
    CONSTRAINT pk_data_keys PRIMARY KEY (dek_id)
);
CREATE INDEX ix_data_keys_scope ON data_keys (scope);

CREATE TABLE departments (
    id uuid DEFAULT uuidv7() NOT NULL,
    code varchar(50) NOT NULL,
    name varchar(255) NOT NULL,
    description text,
    head_doctor_id uuid,
    status varchar(20) DEFAULT 'active' NOT NULL,
    created_at timestamptz DEFAULT now() NOT NULL,
    updated_at timestamptz DEFAULT now() NOT NULL,
    version bigint DEFAULT 1 NOT NULL,
    CONSTRAINT pk_departments PRIMARY KEY (id),
    CONSTRAINT uq_departments_code UNIQUE (code),
    CONSTRAINT ck_departments_status CHECK (status IN ('active', 'inactive'))
);

CREATE TABLE hospital_identity (
    tenant_id uuid NOT NULL,
    singleton boolean DEFAULT true NOT NULL,
    created_at timestamptz DEFAULT now() NOT NULL,
    CONSTRAINT pk_hospital_identity PRIMARY KEY (tenant_id),
    CONSTRAINT ck_hospital_identity_singleton CHECK (singleton),
    CONSTRAINT uq_hospital_identity_singleton UNIQUE (singleton)
);

CREATE TABLE hospital_info (
    id uuid DEFAULT uuidv7() NOT NULL,
    singleton boolean DEFAULT true NOT NULL,
    tenant_code varchar(50) NOT NULL,
    name varchar(255) NOT NULL,
    display_name varchar(255),
    address text,
    phone varchar(20),
    email varchar(255),
    website varchar(255),
    license_number varchar(100),
    tax_code varchar(50),
    logo_url varchar(500),
    business_hours jsonb,
    theme_config jsonb,
    portal_configs jsonb,
    created_at timestamptz DEFAULT now() NOT NULL,
    updated_at timestamptz DEFAULT now() NOT NULL,
    version bigint DEFAULT 1 NOT NULL,
    CONSTRAINT pk_hospital_info PRIMARY KEY (id),
    CONSTRAINT ck_hospital_info_singleton CHECK (singleton),
    CONSTRAINT uq_hospital_info_singleton UNIQUE (singleton),
    CONSTRAINT uq_hospital_info_tenant_code UNIQUE (tenant_code)
);

CREATE TABLE hospital_sync (
    singleton boolean DEFAULT true NOT NULL,
    epoch integer DEFAULT 1 NOT NULL,
    changes_cursor varchar(200),
    updated_at timestamptz DEFAULT now() NOT NULL,
    CONSTRAINT pk_hospital_sync PRIMARY KEY (singleton),
    CONSTRAINT ck_hospital_sync_singleton CHECK (singleton),
    CONSTRAINT ck_hospital_sync_epoch CHECK (epoch >= 1)
);

CREATE TABLE idempotency_keys (
    actor_id uuid NOT NULL,
    route varchar(100) NOT NULL,
    key varchar(100) NOT NULL,
    request_hash bytea NOT NULL,
    status integer,
    etag varchar(50),
    body text,
    created_at timestamptz DEFAULT now() NOT NULL,
    CONSTRAINT pk_idempotency_keys PRIMARY KEY (actor_id, route, key)
);
CREATE INDEX ix_idempotency_keys_created_at ON idempotency_keys (created_at);

CREATE TABLE roles (
    id uuid DEFAULT uuidv7() NOT NULL,
    name varchar(100) NOT NULL,
    description text,
    permissions jsonb DEFAULT '[]' NOT NULL,
    created_at timestamptz DEFAULT now() NOT NULL,
    updated_at timestamptz DEFAULT now() NOT NULL,
    CONSTRAINT pk_roles PRIMARY KEY (id),
    CONSTRAINT uq_roles_name UNIQUE (name),
    CONSTRAINT ck_roles_permissions CHECK (jsonb_typeof(permissions) = 'array')
);

CREATE TABLE users (
    id uuid DEFAULT uuidv7() NOT NULL,
    phone varchar(20),
    role varchar(50) NOT NULL,
    department_id uuid,
    created_by uuid,
    updated_by uuid,
    username varchar(100) NOT NULL,
    email varchar(255) NOT NULL,
    full_name varchar(255) NOT NULL,
    password_hash text,
    status varchar(20) DEFAULT 'invited' NOT NULL,
    last_login_at timestamptz,
    password_updated_at timestamptz,
    failed_login_attempts integer DEFAULT 0 NOT NULL,
    locked_until timestamptz,
    mfa_enabled boolean DEFAULT false NOT NULL,
    mfa_secret text,
    created_at timestamptz DEFAULT now() NOT NULL,
    updated_at timestamptz DEFAULT now() NOT NULL,
    version bigint DEFAULT 1 NOT NULL,
    CONSTRAINT pk_users PRIMARY KEY (id),
    CONSTRAINT uq_users_username UNIQUE (username),
    CONSTRAINT uq_users_email UNIQUE (email),
    CONSTRAINT ck_users_role CHECK (role IN ('doctor', 'nurse', 'receptionist', 'cashier', 'lab_technician', 'admin')),
    CONSTRAINT ck_users_status CHECK (status IN ('invited', 'active', 'inactive', 'locked')),
    CONSTRAINT fk_users_department_id FOREIGN KEY (department_id) REFERENCES departments (id) ON DELETE RESTRICT,
    CONSTRAINT fk_users_created_by FOREIGN KEY (created_by) REFERENCES users (id) ON DELETE RESTRICT,
    CONSTRAINT fk_users_updated_by FOREIGN KEY (updated_by) REFERENCES users (id) ON DELETE RESTRICT
);
CREATE INDEX ix_users_role_status ON users (role, status);

CREATE TABLE patients (
    id uuid DEFAULT uuidv7() NOT NULL,
    patient_code varchar(50) DEFAULT next_patient_code() NOT NULL,
    patient_global_id uuid NOT NULL,
    global_id_state varchar(20) DEFAULT 'provisional' NOT NULL,
    full_name varchar(255) NOT NULL,
    search_key varchar(255) NOT NULL,
    date_of_birth date NOT NULL,
    gender varchar(10) NOT NULL,
    phone varchar(20),
    email varchar(255),
    address text,
    emergency_contact jsonb,
    medical_history jsonb,
    allergies jsonb,
    insurance_info jsonb,
    blood_type varchar(10),
    height_cm integer,
    weight_kg numeric(5, 2),
    status varchar(20) DEFAULT 'active' NOT NULL,
    version bigint DEFAULT 1 NOT NULL,
    created_by uuid,
    updated_by uuid,
    created_at timestamptz DEFAULT now() NOT NULL,
    updated_at timestamptz DEFAULT now() NOT NULL,
    CONSTRAINT pk_patients PRIMARY KEY (id),
    CONSTRAINT uq_patients_patient_code UNIQUE (patient_code),
    CONSTRAINT ck_patients_status CHECK (status IN ('active', 'inactive', 'deceased')),
    CONSTRAINT ck_patients_gender CHECK (gender IN ('male', 'female', 'other')),
    CONSTRAINT ck_patients_global_id_state CHECK (global_id_state IN ('provisional', 'settled')),
    CONSTRAINT ck_patients_blood_type CHECK (blood_type IS NULL OR blood_type IN ('A+', 'A-', 'B+', 'B-', 'AB+', 'AB-', 'O+', 'O-')),
    CONSTRAINT ck_patients_height_cm CHECK (height_cm IS NULL OR height_cm BETWEEN 20 AND 280),
    CONSTRAINT ck_patients_weight_kg CHECK (weight_kg IS NULL OR weight_kg BETWEEN 0.2 AND 650),
    CONSTRAINT fk_patients_created_by FOREIGN KEY (created_by) REFERENCES users (id) ON DELETE RESTRICT,
    CONSTRAINT fk_patients_updated_by FOREIGN KEY (updated_by) REFERENCES users (id) ON DELETE RESTRICT
);
CREATE INDEX ix_patients_date_of_birth ON patients (date_of_birth);
CREATE INDEX ix_patients_patient_global_id ON patients (patient_global_id);
CREATE INDEX ix_patients_phone ON patients (phone) WHERE phone IS NOT NULL;
CREATE INDEX ix_patients_search_key_id ON patients (search_key, id);
CREATE INDEX ix_patients_search_words ON patients USING gin (to_tsvector('simple', search_key));

CREATE TABLE staff_invites (
    account_id uuid NOT NULL,
    id uuid DEFAULT uuidv7() NOT NULL,
    token_hash bytea NOT NULL,
    created_at timestamptz DEFAULT now() NOT NULL,
    expires_at timestamptz NOT NULL,
    used_at timestamptz,
    CONSTRAINT pk_staff_invites PRIMARY KEY (id),
    CONSTRAINT fk_staff_invites_account_id FOREIGN KEY (account_id) REFERENCES users (id) ON DELETE CASCADE,
    CONSTRAINT uq_staff_invites_token_hash UNIQUE (token_hash)
);
CREATE INDEX ix_staff_invites_account_id ON staff_invites (account_id);

CREATE TABLE staff_sessions (
    account_id uuid NOT NULL,
    id uuid DEFAULT uuidv7() NOT NULL,
    created_at timestamptz DEFAULT now() NOT NULL,
    last_seen_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    ended_at timestamptz,
    end_reason varchar(30),
    ip_address inet,
    user_agent varchar(255),
    CONSTRAINT pk_staff_sessions PRIMARY KEY (id),
    CONSTRAINT fk_staff_sessions_account_id FOREIGN KEY (account_id) REFERENCES users (id) ON DELETE CASCADE
);
CREATE INDEX ix_staff_sessions_account_id ON staff_sessions (account_id);

CREATE TABLE user_roles (
    id uuid DEFAULT uuidv7() NOT NULL,
    user_id uuid NOT NULL,
    role_id uuid NOT NULL,
    assigned_at timestamptz DEFAULT now() NOT NULL,
    assigned_by uuid,
    CONSTRAINT pk_user_roles PRIMARY KEY (id),
    CONSTRAINT uq_user_roles_user_id_role_id UNIQUE (user_id, role_id),
    CONSTRAINT fk_user_roles_user_id FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE CASCADE,
    CONSTRAINT fk_user_roles_role_id FOREIGN KEY (role_id) REFERENCES roles (id) ON DELETE RESTRICT,
    CONSTRAINT fk_user_roles_assigned_by FOREIGN KEY (assigned_by) REFERENCES users (id) ON DELETE RESTRICT
);

CREATE TABLE appointments (
    id uuid DEFAULT uuidv7() NOT NULL,
    appointment_code varchar(50) DEFAULT next_appointment_code() NOT NULL,
    patient_id uuid NOT NULL,
    doctor_id uuid NOT NULL,
    department_id uuid NOT NULL,
    appointment_date date NOT NULL,
    start_time time NOT NULL,
    end_time time NOT NULL,
    during tsrange GENERATED ALWAYS AS (tsrange(appointment_date + start_time, appointment_date + end_time, '[)')) STORED NOT NULL,
    appointment_type varchar(50) NOT NULL,
    status varchar(20) DEFAULT 'scheduled' NOT NULL,
    source varchar(50) DEFAULT 'hospital_staff' NOT NULL,
    is_prepaid boolean DEFAULT false NOT NULL,
    reason text,
    notes text,
    confirmed_at timestamptz,
    confirmed_by uuid,
    started_at timestamptz,
    started_by uuid,
    completed_at timestamptz,
    completed_by uuid,
    cancelled_at timestamptz,
    cancelled_by uuid,
    cancelled_by_kind varchar(10),
    cancellation_reason text,
    version bigint DEFAULT 1 NOT NULL,
    created_by uuid,
    updated_by uuid,
    created_at timestamptz DEFAULT now() NOT NULL,
    updated_at timestamptz DEFAULT now() NOT NULL,
    CONSTRAINT pk_appointments PRIMARY KEY (id),
    CONSTRAINT uq_appointments_appointment_code UNIQUE (appointment_code),
    CONSTRAINT ck_appointments_times CHECK (start_time < end_time),
    CONSTRAINT ck_appointments_appointment_type CHECK (appointment_type IN ('consultation', 'follow_up', 'emergency')),
    CONSTRAINT ck_appointments_status CHECK (status IN ('scheduled', 'confirmed', 'in_progress', 'completed', 'cancelled')),
    CONSTRAINT ck_appointments_source CHECK (source IN ('hospital_staff', 'web_portal', 'mobile_app')),
    CONSTRAINT ck_appointments_cancellation CHECK (
        (status = 'cancelled') = (cancelled_at IS NOT NULL)
        AND (status = 'cancelled') = (cancellation_reason IS NOT NULL)
        AND (status = 'cancelled') = (cancelled_by_kind IS NOT NULL)
        AND (cancelled_by_kind IS NULL OR cancelled_by_kind IN ('staff', 'patient'))
    ),
    CONSTRAINT ex_appointments_doctor_overlap EXCLUDE USING gist (uuidrange(doctor_id, doctor_id, '[]') WITH &&, during WITH &&) WHERE (status <> 'cancelled'),
    CONSTRAINT fk_appointments_patient_id FOREIGN KEY (patient_id) REFERENCES patients (id) ON DELETE RESTRICT,
    CONSTRAINT fk_appointments_doctor_id FOREIGN KEY (doctor_id) REFERENCES users (id) ON DELETE RESTRICT,
    CONSTRAINT fk_appointments_department_id FOREIGN KEY (department_id) REFERENCES departments (id) ON DELETE RESTRICT,
    CONSTRAINT fk_appointments_confirmed_by FOREIGN KEY (confirmed_by) REFERENCES users (id) ON DELETE RESTRICT,
    CONSTRAINT fk_appointments_started_by FOREIGN KEY (started_by) REFERENCES users (id) ON DELETE RESTRICT,
    CONSTRAINT fk_appointments_completed_by FOREIGN KEY (completed_by) REFERENCES users (id) ON DELETE RESTRICT,
    CONSTRAINT fk_appointments_cancelled_by FOREIGN KEY (cancelled_by) REFERENCES users (id) ON DELETE RESTRICT,
    CONSTRAINT fk_appointments_created_by FOREIGN KEY (created_by) REFERENCES users (id) ON DELETE RESTRICT,
    CONSTRAINT fk_appointments_updated_by FOREIGN KEY (updated_by) REFERENCES users (id) ON DELETE RESTRICT
);
CREATE INDEX ix_appointments_day ON appointments (appointment_date, start_time, id);
CREATE INDEX ix_appointments_doctor ON appointments (doctor_id, appointment_date, start_time);
CREATE INDEX ix_appointments_patient ON appointments (patient_id, appointment_date);

CREATE TABLE patient_identifiers (
    id uuid DEFAULT uuidv7() NOT NULL,
    patient_id uuid NOT NULL,
    system varchar(20) NOT NULL,
    value varchar(50) NOT NULL,
    valid_from timestamptz DEFAULT now() NOT NULL,
    valid_to timestamptz,
    created_at timestamptz DEFAULT now() NOT NULL,
    created_by uuid,
    CONSTRAINT pk_patient_identifiers PRIMARY KEY (id),
    CONSTRAINT ck_patient_identifiers_system CHECK (system IN ('cccd', 'cmnd', 'bhyt', 'passport')),
    CONSTRAINT ck_patient_identifiers_period CHECK (valid_to IS NULL OR valid_to >= valid_from),
    CONSTRAINT ck_patient_identifiers_canonical CHECK (value = upper(value) AND value !~ '\s' AND value <> ''),
    CONSTRAINT fk_patient_identifiers_patient_id FOREIGN KEY (patient_id) REFERENCES patients (id) ON DELETE RESTRICT,
    CONSTRAINT fk_patient_identifiers_created_by FOREIGN KEY (created_by) REFERENCES users (id) ON DELETE RESTRICT
);
CREATE INDEX ix_patient_identifiers_patient_id ON patient_identifiers (patient_id);
CREATE UNIQUE INDEX uq_patient_identifiers_current ON patient_identifiers (system, value) WHERE valid_to IS NULL;

CREATE TABLE patient_users (
    id uuid DEFAULT uuidv7() NOT NULL,
    patient_id uuid NOT NULL,
    password_hash text,
    status varchar(20) DEFAULT 'active' NOT NULL,
    failed_login_attempts integer DEFAULT 0 NOT NULL,
    locked_until timestamptz,
    last_login_at timestamptz,
    password_updated_at timestamptz,
    created_at timestamptz DEFAULT now() NOT NULL,
    updated_at timestamptz DEFAULT now() NOT NULL,
    CONSTRAINT pk_patient_users PRIMARY KEY (id),
    CONSTRAINT uq_patient_users_patient_id UNIQUE (patient_id),
    CONSTRAINT ck_patient_users_status CHECK (status IN ('active', 'inactive', 'locked')),
    CONSTRAINT fk_patient_users_patient_id FOREIGN KEY (patient_id) REFERENCES patients (id) ON DELETE RESTRICT
);

CREATE TABLE portal_invites (
    id uuid DEFAULT uuidv7() NOT NULL,
    patient_id uuid NOT NULL,
    tag varchar(50) NOT NULL,
    code_hash bytea NOT NULL,
    tries integer DEFAULT 0 NOT NULL,
    created_at timestamptz DEFAULT now() NOT NULL,
    created_by uuid,
    expires_at timestamptz NOT NULL,
    used_at timestamptz,
    replaced_at timestamptz,
    CONSTRAINT pk_portal_invites PRIMARY KEY (id),
    CONSTRAINT ck_portal_invites_tries CHECK (tries BETWEEN 0 AND 5),
    CONSTRAINT fk_portal_invites_patient_id FOREIGN KEY (patient_id) REFERENCES patients (id) ON DELETE RESTRICT,
    CONSTRAINT fk_portal_invites_created_by FOREIGN KEY (created_by) REFERENCES users (id) ON DELETE RESTRICT
);
CREATE UNIQUE INDEX uq_portal_invites_live ON portal_invites (patient_id) WHERE used_at IS NULL AND replaced_at IS NULL;

CREATE TABLE staff_refresh_tokens (
    session_id uuid NOT NULL,
    id uuid DEFAULT uuidv7() NOT NULL,
    token_hash bytea NOT NULL,
    created_at timestamptz DEFAULT now() NOT NULL,
    expires_at timestamptz NOT NULL,
    used_at timestamptz,
    CONSTRAINT pk_staff_refresh_tokens PRIMARY KEY (id),
    CONSTRAINT fk_staff_refresh_tokens_session_id FOREIGN KEY (session_id) REFERENCES staff_sessions (id) ON DELETE CASCADE,
    CONSTRAINT uq_staff_refresh_tokens_token_hash UNIQUE (token_hash)
);
CREATE INDEX ix_staff_refresh_tokens_session_id ON staff_refresh_tokens (session_id);

CREATE TABLE patient_links (
    id uuid DEFAULT uuidv7() NOT NULL,
    account_id uuid NOT NULL,
    direction varchar(20) NOT NULL,
    other_tenant_id uuid NOT NULL,
    other_account_id uuid NOT NULL,
    created_at timestamptz DEFAULT now() NOT NULL,
    ended_at timestamptz,
    end_reason varchar(30),
    CONSTRAINT pk_patient_links PRIMARY KEY (id),
    CONSTRAINT ck_patient_links_direction CHECK (direction IN ('opens', 'opened_by')),
    CONSTRAINT fk_patient_links_account_id FOREIGN KEY (account_id) REFERENCES patient_users (id) ON DELETE RESTRICT
);
CREATE INDEX ix_patient_links_other ON patient_links (other_tenant_id, other_account_id);
CREATE UNIQUE INDEX uq_patient_links_live ON patient_links (account_id, direction, other_tenant_id, other_account_id) WHERE ended_at IS NULL;

CREATE TABLE patient_login_logs (
    id uuid DEFAULT uuidv7() NOT NULL,
    patient_id uuid NOT NULL,
    patient_user_id uuid,
    login_method varchar(50) NOT NULL,
    login_status varchar(20) NOT NULL,
    failure_reason varchar(50),
    ip_address inet,
    user_agent varchar(255),
    device_info jsonb,
    created_at timestamptz DEFAULT now() NOT NULL,
    CONSTRAINT pk_patient_login_logs PRIMARY KEY (id),
    CONSTRAINT ck_patient_login_logs_login_method CHECK (login_method IN ('password', 'activation', 'refresh')),
    CONSTRAINT ck_patient_login_logs_login_status CHECK (login_status IN ('success', 'failed', 'locked')),
    CONSTRAINT fk_patient_login_logs_patient_id FOREIGN KEY (patient_id) REFERENCES patients (id) ON DELETE RESTRICT,
    CONSTRAINT fk_patient_login_logs_patient_user_id FOREIGN KEY (patient_user_id) REFERENCES patient_users (id) ON DELETE RESTRICT
);
CREATE INDEX ix_patient_login_logs_patient ON patient_login_logs (patient_id, created_at);

CREATE TABLE patient_sessions (
    account_id uuid NOT NULL,
    id uuid DEFAULT uuidv7() NOT NULL,
    created_at timestamptz DEFAULT now() NOT NULL,
    last_seen_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    ended_at timestamptz,
    end_reason varchar(30),
    ip_address inet,
    user_agent varchar(255),
    CONSTRAINT pk_patient_sessions PRIMARY KEY (id),
    CONSTRAINT fk_patient_sessions_account_id FOREIGN KEY (account_id) REFERENCES patient_users (id) ON DELETE CASCADE
);
CREATE INDEX ix_patient_sessions_account_id ON patient_sessions (account_id);

CREATE TABLE patient_refresh_tokens (
    session_id uuid NOT NULL,
    id uuid DEFAULT uuidv7() NOT NULL,
    token_hash bytea NOT NULL,
    created_at timestamptz DEFAULT now() NOT NULL,
    expires_at timestamptz NOT NULL,
    used_at timestamptz,
    CONSTRAINT pk_patient_refresh_tokens PRIMARY KEY (id),
    CONSTRAINT fk_patient_refresh_tokens_session_id FOREIGN KEY (session_id) REFERENCES patient_sessions (id) ON DELETE CASCADE,
    CONSTRAINT uq_patient_refresh_tokens_token_hash UNIQUE (token_hash)
);
CREATE INDEX ix_patient_refresh_tokens_session_id ON patient_refresh_tokens (session_id);


ALTER TABLE departments ADD CONSTRAINT fk_departments_head_doctor_id
    FOREIGN KEY (head_doctor_id) REFERENCES users (id) ON DELETE RESTRICT;

CREATE TABLE patient_sign_in_failures (
    account_id uuid NOT NULL,
    network cidr NOT NULL,
    failures integer DEFAULT 0 NOT NULL,
    last_failed_at timestamptz NOT NULL,
    locked_until timestamptz,
    CONSTRAINT pk_patient_sign_in_failures PRIMARY KEY (account_id, network),
    CONSTRAINT fk_patient_sign_in_failures_account_id FOREIGN KEY (account_id)
        REFERENCES patient_users (id) ON DELETE CASCADE
);

INSERT INTO hospital_sync DEFAULT VALUES;

-- What the portal's role may see is decided row by row. The policies name each hospital's own roles, so they stand in
-- grant_hospital_core; until it was called, nobody but the owner sees a row.
ALTER TABLE patients ENABLE ROW LEVEL SECURITY;
ALTER TABLE patient_identifiers ENABLE ROW LEVEL SECURITY;
ALTER TABLE appointments ENABLE ROW LEVEL SECURITY;
ALTER TABLE patient_users ENABLE ROW LEVEL SECURITY;
ALTER TABLE patient_sessions ENABLE ROW LEVEL SECURITY;
ALTER TABLE patient_refresh_tokens ENABLE ROW LEVEL SECURITY;
ALTER TABLE patient_links ENABLE ROW LEVEL SECURITY;
ALTER TABLE patient_sign_in_failures ENABLE ROW LEVEL SECURITY;
ALTER TABLE patient_login_logs ENABLE ROW LEVEL SECURITY;
ALTER TABLE audit_logs ENABLE ROW LEVEL SECURITY;
ALTER TABLE idempotency_keys ENABLE ROW LEVEL SECURITY;
