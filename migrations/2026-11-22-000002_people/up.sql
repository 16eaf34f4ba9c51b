CREATE TABLE accounts (
  id uuid CONSTRAINT accounts_pkey PRIMARY KEY,
  email text CONSTRAINT accounts_email_unique UNIQUE CONSTRAINT accounts_email_folded CHECK (email = lower(email)),
  phone text CONSTRAINT accounts_phone_unique UNIQUE CONSTRAINT accounts_phone_e164 CHECK (phone ~ '^\+[1-9][0-9]{6,14}$'),
  name text NOT NULL,
  locale text NOT NULL,
  password_hash text,
  created_at timestamptz NOT NULL,
  updated_at timestamptz NOT NULL,
  disabled_at timestamptz,
  CONSTRAINT accounts_reachable CHECK (email IS NOT NULL OR phone IS NOT NULL)
);

CREATE TABLE cooperatives (
  id uuid CONSTRAINT cooperatives_pkey PRIMARY KEY,
  slug text NOT NULL CONSTRAINT cooperatives_slug_unique UNIQUE,
  name text NOT NULL,
  legal_form text NOT NULL,
  about text NOT NULL,
  country text NOT NULL CONSTRAINT cooperatives_country_code CHECK (country ~ '^[A-Z]{2}$'),
  region text,
  district text NOT NULL,
  currency text NOT NULL CONSTRAINT cooperatives_currency_code CHECK (currency ~ '^[A-Z]{3}$'),
  locale text NOT NULL,
  state text NOT NULL CONSTRAINT cooperatives_state_known CHECK (state IN ('applied', 'approved', 'rejected', 'suspended')),
  commission_bp integer NOT NULL CONSTRAINT cooperatives_commission_range CHECK (commission_bp BETWEEN 0 AND 5000),
  premium_bp integer NOT NULL CONSTRAINT cooperatives_premium_range CHECK (premium_bp BETWEEN 0 AND 10000),
  members integer CONSTRAINT cooperatives_members_counted CHECK (members >= 0),
  women integer CONSTRAINT cooperatives_women_counted CHECK (women >= 0 AND women <= members),
  item_base_url text,
  contact_email text NOT NULL,
  version bigint NOT NULL,
  created_at timestamptz NOT NULL,
  updated_at timestamptz NOT NULL
);
CREATE TABLE cooperative_events (
  id uuid CONSTRAINT cooperative_events_pkey PRIMARY KEY,
  coop_id uuid NOT NULL CONSTRAINT cooperative_events_coop_fkey REFERENCES cooperatives (id),
  event text NOT NULL,
  reason text,
  by_account uuid CONSTRAINT cooperative_events_by_fkey REFERENCES accounts (id),
  at timestamptz NOT NULL
);
CREATE INDEX cooperative_events_coop ON cooperative_events (coop_id, id);
CREATE TRIGGER cooperative_events_append_only BEFORE UPDATE OR DELETE ON cooperative_events FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER cooperative_events_never_emptied BEFORE TRUNCATE ON cooperative_events FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

-- coop_id is null for the platform's own roles (operator, auditor) and set for a cooperative's people.
CREATE TABLE memberships (
  id uuid CONSTRAINT memberships_pkey PRIMARY KEY,
  account_id uuid NOT NULL CONSTRAINT memberships_account_fkey REFERENCES accounts (id),
  coop_id uuid CONSTRAINT memberships_coop_fkey REFERENCES cooperatives (id),
  role text NOT NULL CONSTRAINT memberships_role_known CHECK (role IN ('operator', 'auditor', 'manager', 'member', 'agent')),
  created_at timestamptz NOT NULL,
  revoked_at timestamptz,
  CONSTRAINT memberships_place CHECK ((coop_id IS NULL) = (role IN ('operator', 'auditor')))
);
CREATE UNIQUE INDEX memberships_live_unique ON memberships (account_id, role, coop_id) NULLS NOT DISTINCT WHERE revoked_at IS NULL;
CREATE INDEX memberships_coop ON memberships (coop_id) WHERE revoked_at IS NULL;

CREATE TABLE sessions (
  id uuid CONSTRAINT sessions_pkey PRIMARY KEY,
  account_id uuid NOT NULL CONSTRAINT sessions_account_fkey REFERENCES accounts (id),
  token_hash bytea NOT NULL CONSTRAINT sessions_token_unique UNIQUE,
  created_at timestamptz NOT NULL,
  expires_at timestamptz NOT NULL,
  revoked_at timestamptz
);
CREATE INDEX sessions_account ON sessions (account_id) WHERE revoked_at IS NULL;

-- The token is HMAC(master, id, generation), derived when the mail is sent: no row holds it.
CREATE TABLE invitations (
  id uuid CONSTRAINT invitations_pkey PRIMARY KEY,
  email text NOT NULL CONSTRAINT invitations_email_folded CHECK (email = lower(email)),
  coop_id uuid CONSTRAINT invitations_coop_fkey REFERENCES cooperatives (id),
  role text NOT NULL CONSTRAINT invitations_role_known CHECK (role IN ('operator', 'auditor', 'manager', 'member', 'agent')),
  generation integer NOT NULL,
  invited_by uuid CONSTRAINT invitations_by_fkey REFERENCES accounts (id),
  created_at timestamptz NOT NULL,
  expires_at timestamptz NOT NULL,
  accepted_at timestamptz,
  revoked_at timestamptz,
  CONSTRAINT invitations_place CHECK ((coop_id IS NULL) = (role IN ('operator', 'auditor')))
);
CREATE INDEX invitations_coop ON invitations (coop_id, id);

CREATE TABLE password_resets (
  id uuid CONSTRAINT password_resets_pkey PRIMARY KEY,
  account_id uuid NOT NULL CONSTRAINT password_resets_account_fkey REFERENCES accounts (id),
  created_at timestamptz NOT NULL,
  expires_at timestamptz NOT NULL,
  used_at timestamptz
);
CREATE INDEX password_resets_account ON password_resets (account_id, created_at);

-- coop_id null: a storefront or integration of the platform itself.
CREATE TABLE api_keys (
  id uuid CONSTRAINT api_keys_pkey PRIMARY KEY,
  coop_id uuid CONSTRAINT api_keys_coop_fkey REFERENCES cooperatives (id),
  kind text NOT NULL CONSTRAINT api_keys_kind_known CHECK (kind IN ('publishable', 'secret')),
  name text NOT NULL,
  hint text NOT NULL,
  token_hash bytea NOT NULL CONSTRAINT api_keys_token_unique UNIQUE,
  scopes text[] NOT NULL,
  allowed_origins text[] NOT NULL,
  created_by uuid CONSTRAINT api_keys_by_fkey REFERENCES accounts (id),
  created_at timestamptz NOT NULL,
  revoked_at timestamptz
);
CREATE INDEX api_keys_coop ON api_keys (coop_id, id);

-- Every privileged action, in the transaction that did it. hash = SHA-256(prev ‖ canonical row).
CREATE TABLE audit_log (
  seq bigint CONSTRAINT audit_log_pkey PRIMARY KEY,
  at timestamptz NOT NULL,
  actor uuid,
  actor_role text NOT NULL,
  action text NOT NULL,
  subject text NOT NULL,
  coop_id uuid,
  details jsonb NOT NULL,
  prev bytea NOT NULL,
  hash bytea NOT NULL CONSTRAINT audit_log_hash_unique UNIQUE
);
CREATE TRIGGER audit_log_append_only BEFORE UPDATE OR DELETE ON audit_log FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER audit_log_never_emptied BEFORE TRUNCATE ON audit_log FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

CREATE TABLE payout_destinations (
  coop_id uuid NOT NULL CONSTRAINT payout_destinations_coop_fkey REFERENCES cooperatives (id),
  id uuid NOT NULL CONSTRAINT payout_destinations_id_unique UNIQUE,
  kind text NOT NULL CONSTRAINT payout_destinations_kind_known CHECK (kind IN ('in_bank', 'in_upi', 'np_bank', 'iban', 'stripe_account', 'manual')),
  currency text NOT NULL,
  hint text NOT NULL,
  sealed bytea NOT NULL,
  state text NOT NULL CONSTRAINT payout_destinations_state_known CHECK (state IN ('proposed', 'active', 'rejected', 'retired')),
  proposed_by uuid CONSTRAINT payout_destinations_proposer_fkey REFERENCES accounts (id),
  proposed_at timestamptz NOT NULL,
  confirmed_by uuid CONSTRAINT payout_destinations_confirmer_fkey REFERENCES accounts (id),
  confirmed_at timestamptz,
  effective_at timestamptz,
  CONSTRAINT payout_destinations_pkey PRIMARY KEY (coop_id, id),
  CONSTRAINT payout_destinations_two_people CHECK (confirmed_by IS NULL OR confirmed_by <> proposed_by)
);
CREATE UNIQUE INDEX payout_destinations_one_active ON payout_destinations (coop_id) WHERE state = 'active';

-- Where a seller is registered for tax; coop_id null is the platform as merchant of record.
CREATE TABLE tax_registrations (
  id uuid CONSTRAINT tax_registrations_pkey PRIMARY KEY,
  coop_id uuid CONSTRAINT tax_registrations_coop_fkey REFERENCES cooperatives (id),
  jurisdiction text NOT NULL,
  kind text NOT NULL CONSTRAINT tax_registrations_kind_known CHECK (kind IN ('gstin', 'pan', 'iec', 'eori', 'vat', 'ein')),
  number text NOT NULL,
  valid_from date NOT NULL,
  valid_to date
);
CREATE TABLE tax_rates (
  jurisdiction text NOT NULL,
  category text NOT NULL,
  rate_bp integer NOT NULL CONSTRAINT tax_rates_range CHECK (rate_bp BETWEEN 0 AND 10000),
  inclusive boolean NOT NULL,
  valid_from date NOT NULL,
  source text NOT NULL,
  CONSTRAINT tax_rates_pkey PRIMARY KEY (jurisdiction, category, valid_from)
);
-- `countries` holds ISO codes, or '*' for anywhere. Prices are in `currency`, the cooperative's.
CREATE TABLE delivery_options (
  coop_id uuid NOT NULL CONSTRAINT delivery_options_coop_fkey REFERENCES cooperatives (id),
  id uuid NOT NULL CONSTRAINT delivery_options_id_unique UNIQUE,
  name text NOT NULL,
  countries text[] NOT NULL,
  currency text NOT NULL,
  base_minor bigint NOT NULL CONSTRAINT delivery_options_base_positive CHECK (base_minor >= 0),
  per_kg_minor bigint NOT NULL CONSTRAINT delivery_options_per_kg_positive CHECK (per_kg_minor >= 0),
  min_days integer NOT NULL,
  max_days integer NOT NULL,
  active boolean NOT NULL,
  CONSTRAINT delivery_options_pkey PRIMARY KEY (coop_id, id),
  CONSTRAINT delivery_options_days CHECK (0 <= min_days AND min_days <= max_days)
);

CREATE TABLE crafts (
  code text CONSTRAINT crafts_pkey PRIMARY KEY,
  name text NOT NULL,
  place text NOT NULL,
  country text NOT NULL,
  materials text[] NOT NULL,
  steps text[] NOT NULL,
  gi_registered boolean,
  typical_minutes integer
);

CREATE TABLE artisans (
  coop_id uuid NOT NULL CONSTRAINT artisans_coop_fkey REFERENCES cooperatives (id),
  id uuid NOT NULL CONSTRAINT artisans_id_unique UNIQUE,
  reference text NOT NULL,
  legal_name text NOT NULL,
  public_alias text,
  village text,
  district text NOT NULL,
  craft_code text CONSTRAINT artisans_craft_fkey REFERENCES crafts (code),
  language text NOT NULL,
  phone text,
  birth_year integer,
  story text,
  portrait_id uuid,
  version bigint NOT NULL,
  created_at timestamptz NOT NULL,
  updated_at timestamptz NOT NULL,
  CONSTRAINT artisans_pkey PRIMARY KEY (coop_id, id),
  CONSTRAINT artisans_reference_unique UNIQUE (coop_id, reference)
);
-- The latest row per (artisan, purpose) holds.
CREATE TABLE consents (
  coop_id uuid NOT NULL,
  id uuid NOT NULL CONSTRAINT consents_id_unique UNIQUE,
  artisan_id uuid NOT NULL,
  purpose text NOT NULL CONSTRAINT consents_purpose_known CHECK (purpose IN ('name', 'portrait', 'story', 'village', 'pay', 'voice')),
  granted boolean NOT NULL,
  language text NOT NULL,
  medium text NOT NULL CONSTRAINT consents_medium_known CHECK (medium IN ('written', 'spoken', 'recorded', 'thumbprint', 'message')),
  witness text,
  recorded_by uuid CONSTRAINT consents_by_fkey REFERENCES accounts (id),
  at timestamptz NOT NULL,
  CONSTRAINT consents_pkey PRIMARY KEY (coop_id, id),
  CONSTRAINT consents_artisan_fkey FOREIGN KEY (coop_id, artisan_id) REFERENCES artisans (coop_id, id)
);
CREATE INDEX consents_latest ON consents (coop_id, artisan_id, purpose, id DESC);
-- 32 bytes, sealed by the master key. Deleting the row erases the person from every item; every proof still verifies.
CREATE TABLE subject_keys (
  coop_id uuid NOT NULL,
  artisan_id uuid NOT NULL,
  sealed bytea NOT NULL,
  created_at timestamptz NOT NULL,
  CONSTRAINT subject_keys_pkey PRIMARY KEY (coop_id, artisan_id),
  CONSTRAINT subject_keys_artisan_fkey FOREIGN KEY (coop_id, artisan_id) REFERENCES artisans (coop_id, id)
);
