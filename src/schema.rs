//! Generated from the migrations (`HAAT_BLESS=1 cargo test --test api schema::`); do not edit.

diesel::table! {
    accounts (id) {
        id -> Uuid,
        email -> Nullable<Text>,
        phone -> Nullable<Text>,
        name -> Text,
        locale -> Text,
        password_hash -> Nullable<Text>,
        created_at -> Timestamptz,
        updated_at -> Timestamptz,
        disabled_at -> Nullable<Timestamptz>,
    }
}

diesel::table! {
    api_keys (id) {
        id -> Uuid,
        coop_id -> Nullable<Uuid>,
        kind -> Text,
        name -> Text,
        hint -> Text,
        token_hash -> Bytea,
        scopes -> Array<Text>,
        allowed_origins -> Array<Text>,
        created_by -> Nullable<Uuid>,
        created_at -> Timestamptz,
        revoked_at -> Nullable<Timestamptz>,
    }
}

diesel::table! {
    artisans (coop_id, id) {
        coop_id -> Uuid,
        id -> Uuid,
        reference -> Text,
        legal_name -> Text,
        public_alias -> Nullable<Text>,
        village -> Nullable<Text>,
        district -> Text,
        craft_code -> Nullable<Text>,
        language -> Text,
        phone -> Nullable<Text>,
        birth_year -> Nullable<Int4>,
        story -> Nullable<Text>,
        portrait_id -> Nullable<Uuid>,
        version -> Int8,
        created_at -> Timestamptz,
        updated_at -> Timestamptz,
        display_name -> Nullable<Text>,
        erased_at -> Nullable<Timestamptz>,
    }
}

diesel::table! {
    audit_log (seq) {
        seq -> Int8,
        at -> Timestamptz,
        actor -> Nullable<Uuid>,
        actor_role -> Text,
        action -> Text,
        subject -> Text,
        coop_id -> Nullable<Uuid>,
        details -> Jsonb,
        prev -> Bytea,
        hash -> Bytea,
    }
}

diesel::table! {
    auditor_reads (id) {
        id -> Uuid,
        account_id -> Uuid,
        address -> Text,
        at -> Timestamptz,
    }
}

diesel::table! {
    bank_report_lines (report_id, position) {
        report_id -> Uuid,
        position -> Int4,
        line -> Int8,
        movement -> Text,
        amount_minor -> Int8,
        currency -> Text,
        end_to_end -> Nullable<Text>,
        reference -> Nullable<Text>,
        reason -> Nullable<Text>,
        outcome -> Text,
        note -> Text,
        coop_id -> Nullable<Uuid>,
        payout_id -> Nullable<Uuid>,
    }
}

diesel::table! {
    bank_reports (id) {
        id -> Uuid,
        kind -> Text,
        name -> Text,
        digest -> Bytea,
        lines -> Int4,
        taken_by -> Uuid,
        taken_at -> Timestamptz,
    }
}

diesel::table! {
    batches (coop_id, id) {
        coop_id -> Uuid,
        id -> Uuid,
        variant_id -> Uuid,
        code -> Text,
        quantity -> Int4,
        minted -> Int4,
        next_seq -> Int4,
        head -> Nullable<Bytea>,
        last_day -> Nullable<Date>,
        created_at -> Timestamptz,
    }
}

diesel::table! {
    cart_deliveries (cart_id, coop_id) {
        cart_id -> Uuid,
        coop_id -> Uuid,
        option_id -> Uuid,
    }
}

diesel::table! {
    cart_lines (id) {
        id -> Uuid,
        cart_id -> Uuid,
        coop_id -> Uuid,
        variant_id -> Uuid,
        quantity -> Int4,
    }
}

diesel::table! {
    carts (id) {
        id -> Uuid,
        token_hash -> Bytea,
        account_id -> Nullable<Uuid>,
        currency -> Text,
        country -> Nullable<Text>,
        locale -> Text,
        email -> Nullable<Text>,
        shipping_address -> Nullable<Jsonb>,
        version -> Int8,
        live_order_id -> Nullable<Uuid>,
        created_at -> Timestamptz,
        updated_at -> Timestamptz,
        expires_at -> Timestamptz,
    }
}

diesel::table! {
    checkout_sessions (id) {
        id -> Uuid,
        order_id -> Uuid,
        session_id -> Nullable<Text>,
        url -> Nullable<Text>,
        state -> Text,
        expires_at -> Timestamptz,
        payment_intent -> Nullable<Text>,
        charge -> Nullable<Text>,
        created_at -> Timestamptz,
        updated_at -> Timestamptz,
        pays_order -> Bool,
    }
}

diesel::table! {
    catalogue_changes (id) {
        id -> Uuid,
    }
}

diesel::table! {
    collection_products (coop_id, collection_id, product_id) {
        coop_id -> Uuid,
        collection_id -> Uuid,
        product_id -> Uuid,
        position -> Int4,
    }
}

diesel::table! {
    collections (coop_id, id) {
        coop_id -> Uuid,
        id -> Uuid,
        slug -> Text,
        title -> Text,
        about -> Text,
        created_at -> Timestamptz,
        updated_at -> Timestamptz,
    }
}

diesel::table! {
    consents (coop_id, id) {
        coop_id -> Uuid,
        id -> Uuid,
        artisan_id -> Uuid,
        purpose -> Text,
        granted -> Bool,
        language -> Text,
        medium -> Text,
        witness -> Nullable<Text>,
        recorded_by -> Nullable<Uuid>,
        at -> Timestamptz,
    }
}

diesel::table! {
    cooperative_events (id) {
        id -> Uuid,
        coop_id -> Uuid,
        event -> Text,
        reason -> Nullable<Text>,
        by_account -> Nullable<Uuid>,
        at -> Timestamptz,
    }
}

diesel::table! {
    cooperatives (id) {
        id -> Uuid,
        slug -> Text,
        name -> Text,
        legal_form -> Text,
        about -> Text,
        country -> Text,
        region -> Nullable<Text>,
        district -> Text,
        currency -> Text,
        locale -> Text,
        state -> Text,
        commission_bp -> Int4,
        premium_bp -> Int4,
        members -> Nullable<Int4>,
        women -> Nullable<Int4>,
        item_base_url -> Nullable<Text>,
        contact_email -> Text,
        version -> Int8,
        created_at -> Timestamptz,
        updated_at -> Timestamptz,
    }
}

diesel::table! {
    crafts (code) {
        code -> Text,
        name -> Text,
        place -> Text,
        country -> Text,
        materials -> Array<Text>,
        steps -> Array<Text>,
        gi_registered -> Nullable<Bool>,
        typical_minutes -> Nullable<Int4>,
    }
}

diesel::table! {
    delivery_options (coop_id, id) {
        coop_id -> Uuid,
        id -> Uuid,
        name -> Text,
        countries -> Array<Text>,
        currency -> Text,
        base_minor -> Int8,
        per_kg_minor -> Int8,
        min_days -> Int4,
        max_days -> Int4,
        active -> Bool,
        version -> Int8,
    }
}

diesel::table! {
    disclosures (subject_id, seq, position) {
        coop_id -> Uuid,
        subject_id -> Uuid,
        seq -> Int4,
        position -> Int4,
        artisan_id -> Uuid,
        purpose -> Text,
        field -> Text,
        value -> Jsonb,
    }
}

diesel::table! {
    dispute_evidence (dispute_id) {
        dispute_id -> Uuid,
        state -> Text,
        said -> Jsonb,
        operation_id -> Nullable<Uuid>,
        saved_by -> Uuid,
        saved_at -> Timestamptz,
        submitted_at -> Nullable<Timestamptz>,
    }
}

diesel::table! {
    dispute_policies (reason) {
        reason -> Text,
        bearer -> Text,
        note -> Text,
        decided_by -> Nullable<Uuid>,
        decided_at -> Timestamptz,
    }
}

diesel::table! {
    disputes (id) {
        id -> Uuid,
        order_id -> Uuid,
        provider_id -> Text,
        state -> Text,
        reason -> Text,
        amount_minor -> Int8,
        currency -> Text,
        evidence_due -> Nullable<Timestamptz>,
        opened_at -> Timestamptz,
        updated_at -> Timestamptz,
        consent -> Nullable<Jsonb>,
    }
}

diesel::table! {
    fulfilment_items (coop_id, fulfilment_id, item_id) {
        coop_id -> Uuid,
        fulfilment_id -> Uuid,
        item_id -> Uuid,
        order_line_id -> Uuid,
    }
}

diesel::table! {
    fulfilments (coop_id, id) {
        coop_id -> Uuid,
        id -> Uuid,
        group_id -> Uuid,
        carrier -> Text,
        tracking -> Nullable<Text>,
        tracking_url -> Nullable<Text>,
        shipped_at -> Timestamptz,
        by_account -> Nullable<Uuid>,
    }
}

diesel::table! {
    fx_rates (base, quote, day) {
        base -> Text,
        quote -> Text,
        day -> Date,
        rate -> Text,
        source -> Text,
    }
}

diesel::table! {
    idempotency_keys (principal, key) {
        principal -> Text,
        key -> Text,
        operation -> Text,
        operation_id -> Uuid,
        body_hash -> Bytea,
        locked_until -> Timestamptz,
        status -> Nullable<Int2>,
        answer -> Nullable<Jsonb>,
        created_at -> Timestamptz,
    }
}

diesel::table! {
    import_entities (coop_id, key_hash) {
        coop_id -> Uuid,
        key_hash -> Bytea,
        key -> Text,
        entity -> Text,
        target_id -> Uuid,
        cells -> Jsonb,
        updated_at -> Timestamptz,
    }
}

diesel::table! {
    import_mappings (coop_id, format, kind) {
        coop_id -> Uuid,
        format -> Text,
        kind -> Text,
        mapping -> Jsonb,
        confirmed_by -> Nullable<Uuid>,
        updated_at -> Timestamptz,
    }
}

diesel::table! {
    imports (coop_id, id) {
        coop_id -> Uuid,
        id -> Uuid,
        file_name -> Text,
        sha256 -> Bytea,
        bytes -> Bytea,
        settings -> Jsonb,
        report -> Jsonb,
        state -> Text,
        done -> Int4,
        total -> Int4,
        outcome -> Nullable<Jsonb>,
        failure -> Nullable<Text>,
        created_by -> Nullable<Uuid>,
        created_at -> Timestamptz,
        updated_at -> Timestamptz,
    }
}

diesel::table! {
    invitations (id) {
        id -> Uuid,
        email -> Text,
        coop_id -> Nullable<Uuid>,
        role -> Text,
        generation -> Int4,
        invited_by -> Nullable<Uuid>,
        created_at -> Timestamptz,
        expires_at -> Timestamptz,
        accepted_at -> Nullable<Timestamptz>,
        revoked_at -> Nullable<Timestamptz>,
    }
}

diesel::table! {
    item_claims (item_id) {
        item_id -> Uuid,
        coop_id -> Uuid,
        claimed_at -> Timestamptz,
    }
}

diesel::table! {
    item_reports (id) {
        id -> Uuid,
        coop_id -> Uuid,
        item_id -> Uuid,
        reason -> Text,
        detail -> Text,
        state -> Text,
        resolution -> Nullable<Text>,
        resolved_by -> Nullable<Uuid>,
        created_at -> Timestamptz,
        resolved_at -> Nullable<Timestamptz>,
    }
}

diesel::table! {
    items (coop_id, id) {
        coop_id -> Uuid,
        id -> Uuid,
        variant_id -> Uuid,
        batch_id -> Nullable<Uuid>,
        code -> Text,
        claim_digest -> Bytea,
        claim_sealed -> Bytea,
        state -> Text,
        order_line_id -> Nullable<Uuid>,
        next_seq -> Int4,
        head -> Nullable<Bytea>,
        last_day -> Nullable<Date>,
        created_at -> Timestamptz,
    }
}

diesel::table! {
    jobs (id) {
        id -> Uuid,
        kind -> Text,
        key -> Nullable<Text>,
        payload -> Jsonb,
        state -> Text,
        run_at -> Timestamptz,
        attempts -> Int4,
        max_attempts -> Int4,
        locked_until -> Nullable<Timestamptz>,
        locked_by -> Nullable<Uuid>,
        last_error -> Nullable<Text>,
        created_at -> Timestamptz,
        done_at -> Nullable<Timestamptz>,
    }
}

diesel::table! {
    leaves (subject_id, seq) {
        subject_id -> Uuid,
        seq -> Int4,
        coop_id -> Uuid,
        subject -> Text,
        #[sql_name = "type"]
        type_ -> Text,
        event_id -> Uuid,
        bytes -> Bytea,
        hash -> Bytea,
        signature -> Bytea,
        key_id -> Text,
        at -> Timestamptz,
    }
}

diesel::table! {
    ledger_accounts (id) {
        id -> Uuid,
        name -> Text,
        currency -> Text,
        class -> Text,
        never_negative -> Bool,
        slots -> Int2,
        created_at -> Timestamptz,
    }
}

diesel::table! {
    ledger_balances (account_id, slot) {
        account_id -> Uuid,
        slot -> Int2,
        never_negative -> Bool,
        balance_minor -> Int8,
    }
}

diesel::table! {
    ledger_periods (month) {
        month -> Date,
        until_at -> Timestamptz,
        left_open -> Jsonb,
        comparison -> Uuid,
        closed_at -> Timestamptz,
    }
}

diesel::table! {
    ledger_transfers (id) {
        id -> Uuid,
        debit_account -> Uuid,
        credit_account -> Uuid,
        amount_minor -> Int8,
        currency -> Text,
        kind -> Text,
        source_type -> Text,
        source_id -> Uuid,
        leg -> Text,
        order_line_id -> Nullable<Uuid>,
        pending -> Bool,
        resolves -> Nullable<Uuid>,
        transfer_group -> Text,
        occurred_at -> Timestamptz,
        posted_at -> Timestamptz,
        memo -> Text,
    }
}

diesel::table! {
    log_chains (ordinal) {
        ordinal -> Int8,
        subject_id -> Uuid,
    }
}

diesel::table! {
    log_checkpoints (size) {
        size -> Int8,
        root -> Bytea,
        note -> Text,
        at -> Timestamptz,
    }
}

diesel::table! {
    log_cosignatures (witness, size) {
        size -> Int8,
        witness -> Text,
        line -> Text,
        at -> Timestamptz,
    }
}

diesel::table! {
    log_entries (index) {
        index -> Int8,
        subject_id -> Nullable<Uuid>,
        seq -> Nullable<Int4>,
        statement_id -> Nullable<Uuid>,
    }
}

diesel::table! {
    log_keys (key) {
        key -> Text,
        since -> Timestamptz,
    }
}

diesel::table! {
    log_outbox (id) {
        id -> Uuid,
        subject_id -> Nullable<Uuid>,
        seq -> Nullable<Int4>,
        position -> Int8,
        statement_id -> Nullable<Uuid>,
    }
}

diesel::table! {
    log_statements (id) {
        id -> Uuid,
        kind -> Text,
        about -> Text,
        bytes -> Bytea,
        hash -> Bytea,
        position -> Int8,
        at -> Timestamptz,
    }
}

diesel::table! {
    log_tip_tiles (level, index) {
        level -> Int2,
        index -> Int8,
        hashes -> Bytea,
    }
}

diesel::table! {
    log_tiles (level, index) {
        level -> Int2,
        index -> Int8,
        hashes -> Bytea,
    }
}

diesel::table! {
    maker_floors (coop_id, variant_id, currency) {
        coop_id -> Uuid,
        variant_id -> Uuid,
        currency -> Text,
        maker_minor -> Int8,
        tax_inclusive -> Bool,
        agreement_id -> Uuid,
        set_at -> Timestamptz,
    }
}

diesel::table! {
    maker_payments (coop_id, id) {
        coop_id -> Uuid,
        id -> Uuid,
        artisan_id -> Uuid,
        work_id -> Nullable<Uuid>,
        amount_minor -> Int8,
        currency -> Text,
        paid_on -> Date,
        method -> Text,
        evidence -> Nullable<Text>,
        recorded_by -> Nullable<Uuid>,
        created_at -> Timestamptz,
    }
}

diesel::table! {
    media (coop_id, id) {
        coop_id -> Uuid,
        id -> Uuid,
        state -> Text,
        source_url -> Nullable<Text>,
        mime -> Nullable<Text>,
        width -> Nullable<Int4>,
        height -> Nullable<Int4>,
        sha256 -> Nullable<Bytea>,
        perceptual_hash -> Nullable<Int8>,
        blurhash -> Nullable<Text>,
        last_error -> Nullable<Text>,
        created_at -> Timestamptz,
        updated_at -> Timestamptz,
    }
}

diesel::table! {
    memberships (id) {
        id -> Uuid,
        account_id -> Uuid,
        coop_id -> Nullable<Uuid>,
        role -> Text,
        created_at -> Timestamptz,
        revoked_at -> Nullable<Timestamptz>,
        ends_at -> Nullable<Timestamptz>,
    }
}

diesel::table! {
    money_alerts (id) {
        id -> Uuid,
        kind -> Text,
        subject -> Text,
        detail -> Text,
        created_at -> Timestamptz,
        resolved_at -> Nullable<Timestamptz>,
        resolved_by -> Nullable<Uuid>,
        resolution -> Nullable<Text>,
    }
}

diesel::table! {
    order_contacts (order_id) {
        order_id -> Uuid,
        email -> Text,
        shipping_address -> Jsonb,
    }
}

diesel::table! {
    order_events (id) {
        id -> Uuid,
        order_id -> Uuid,
        event -> Text,
        from_state -> Nullable<Text>,
        to_state -> Text,
        detail -> Nullable<Text>,
        by_account -> Nullable<Uuid>,
        at -> Timestamptz,
    }
}

diesel::table! {
    order_groups (coop_id, id) {
        coop_id -> Uuid,
        id -> Uuid,
        order_id -> Uuid,
        state -> Text,
        delivery_name -> Text,
        min_days -> Int4,
        max_days -> Int4,
        shipping_minor -> Int8,
        shipping_tax_minor -> Int8,
        shipping_own_minor -> Int8,
        own_currency -> Text,
        updated_at -> Timestamptz,
        shipping_refunded -> Bool,
    }
}

diesel::table! {
    order_lines (coop_id, id) {
        coop_id -> Uuid,
        id -> Uuid,
        order_id -> Uuid,
        group_id -> Uuid,
        position -> Int2,
        variant_id -> Uuid,
        title -> Text,
        variant_title -> Text,
        quantity -> Int4,
        unit_minor -> Int8,
        goods_minor -> Int8,
        tax_minor -> Int8,
        tax_bp -> Int4,
        tax_inclusive -> Bool,
        commission_bp -> Int4,
        commission_minor -> Int8,
        premium_bp -> Int4,
        producer_minor -> Int8,
        premium_minor -> Int8,
        own_currency -> Text,
        producer_own_minor -> Int8,
        premium_own_minor -> Int8,
        fx_rate -> Text,
        fx_source -> Text,
        fx_day -> Date,
        split -> Nullable<Jsonb>,
        refunded_quantity -> Int4,
        stock_owner -> Text,
        made_to_order_days -> Nullable<Int4>,
        shipped_quantity -> Int4,
        refunded_here -> Int4,
        made_to_order -> Bool,
    }
}

diesel::table! {
    order_materials (coop_id, id) {
        coop_id -> Uuid,
        id -> Uuid,
        order_line_id -> Uuid,
        what -> Text,
        amount_minor -> Int8,
        currency -> Text,
        committed_on -> Date,
        evidence -> Text,
        recorded_by -> Uuid,
        created_at -> Timestamptz,
    }
}

diesel::table! {
    orders (id) {
        id -> Uuid,
        number -> Text,
        token_generation -> Int4,
        cart_id -> Nullable<Uuid>,
        account_id -> Nullable<Uuid>,
        state -> Text,
        currency -> Text,
        country -> Text,
        locale -> Text,
        goods_minor -> Int8,
        shipping_minor -> Int8,
        duties_minor -> Int8,
        tax_minor -> Int8,
        total_minor -> Int8,
        refunded_minor -> Int8,
        tax_reason -> Text,
        placed_at -> Timestamptz,
        paid_at -> Nullable<Timestamptz>,
        updated_at -> Timestamptz,
        tax_added_minor -> Int8,
        on_hold -> Bool,
    }
}

diesel::table! {
    password_resets (id) {
        id -> Uuid,
        account_id -> Uuid,
        created_at -> Timestamptz,
        expires_at -> Timestamptz,
        used_at -> Nullable<Timestamptz>,
    }
}

diesel::table! {
    payment_operations (id) {
        id -> Uuid,
        kind -> Text,
        subject_id -> Uuid,
        request -> Jsonb,
        state -> Text,
        provider_id -> Nullable<Text>,
        answer -> Nullable<Jsonb>,
        first_attempt_at -> Nullable<Timestamptz>,
        attempts -> Int4,
        created_at -> Timestamptz,
        updated_at -> Timestamptz,
    }
}

diesel::table! {
    payout_corridors (rail, country, currency) {
        rail -> Text,
        country -> Text,
        currency -> Text,
        min_minor -> Int8,
        max_minor -> Int8,
        fee_minor -> Int8,
        enabled -> Bool,
        source -> Text,
    }
}

diesel::table! {
    payout_destinations (coop_id, id) {
        coop_id -> Uuid,
        id -> Uuid,
        kind -> Text,
        currency -> Text,
        hint -> Text,
        sealed -> Bytea,
        state -> Text,
        proposed_by -> Nullable<Uuid>,
        proposed_at -> Timestamptz,
        confirmed_by -> Nullable<Uuid>,
        confirmed_at -> Nullable<Timestamptz>,
        effective_at -> Nullable<Timestamptz>,
    }
}

diesel::table! {
    payout_events (id) {
        id -> Uuid,
        coop_id -> Uuid,
        payout_id -> Uuid,
        event -> Text,
        from_state -> Nullable<Text>,
        to_state -> Text,
        detail -> Nullable<Text>,
        by_account -> Nullable<Uuid>,
        at -> Timestamptz,
    }
}

diesel::table! {
    payout_files (id) {
        id -> Uuid,
        layout -> Text,
        name -> Text,
        sealed -> Bytea,
        payouts -> Int4,
        total_minor -> Int8,
        currency -> Text,
        created_by -> Nullable<Uuid>,
        created_at -> Timestamptz,
    }
}

diesel::table! {
    payout_holds (coop_id, id) {
        coop_id -> Uuid,
        id -> Uuid,
        code -> Text,
        reason -> Text,
        release_on -> Date,
        placed_by -> Uuid,
        placed_at -> Timestamptz,
        appeal -> Nullable<Text>,
        appealed_by -> Nullable<Uuid>,
        appealed_at -> Nullable<Timestamptz>,
        answer -> Nullable<Text>,
        released_by -> Nullable<Uuid>,
        released_at -> Nullable<Timestamptz>,
    }
}

diesel::table! {
    payout_lines (coop_id, payout_id, position) {
        coop_id -> Uuid,
        payout_id -> Uuid,
        position -> Int4,
        kind -> Text,
        order_line_id -> Nullable<Uuid>,
        group_id -> Nullable<Uuid>,
        transfer_id -> Uuid,
        amount_minor -> Int8,
        live -> Bool,
    }
}

diesel::table! {
    payout_shares (coop_id, payout_id, position) {
        coop_id -> Uuid,
        payout_id -> Uuid,
        position -> Int4,
        artisan_id -> Nullable<Uuid>,
        purpose -> Text,
        pieces -> Int4,
        amount_minor -> Int8,
    }
}

diesel::table! {
    payouts (coop_id, id) {
        coop_id -> Uuid,
        id -> Uuid,
        number -> Text,
        state -> Text,
        rail -> Text,
        destination_id -> Uuid,
        destination_hint -> Text,
        amount_minor -> Int8,
        currency -> Text,
        reference -> Nullable<Text>,
        evidence -> Nullable<Text>,
        file_id -> Nullable<Uuid>,
        created_by -> Nullable<Uuid>,
        confirmed_by -> Nullable<Uuid>,
        created_at -> Timestamptz,
        updated_at -> Timestamptz,
        settled_at -> Nullable<Timestamptz>,
        kind -> Text,
    }
}

diesel::table! {
    premium_decisions (coop_id, id) {
        coop_id -> Uuid,
        id -> Uuid,
        met_on -> Date,
        category -> Text,
        purpose -> Text,
        amount_minor -> Int8,
        currency -> Text,
        present -> Int4,
        votes_for -> Int4,
        votes_against -> Int4,
        abstained -> Int4,
        minutes -> Text,
        minutes_sha256 -> Bytea,
        state -> Text,
        recorded_by -> Uuid,
        recorded_at -> Timestamptz,
        ended_by -> Nullable<Uuid>,
        ended_at -> Nullable<Timestamptz>,
        reason -> Nullable<Text>,
    }
}

diesel::table! {
    premium_spendings (coop_id, id) {
        coop_id -> Uuid,
        id -> Uuid,
        decision_id -> Uuid,
        payout_id -> Uuid,
        amount_minor -> Int8,
        requested_by -> Uuid,
        created_at -> Timestamptz,
    }
}

diesel::table! {
    price_agreements (coop_id, id) {
        coop_id -> Uuid,
        id -> Uuid,
        template_id -> Uuid,
        filter -> Jsonb,
        agreed_by -> Text,
        method -> Text,
        agreed_on -> Date,
        evidence -> Nullable<Text>,
        recorded_by -> Nullable<Uuid>,
        created_at -> Timestamptz,
        floors -> Nullable<Jsonb>,
    }
}

diesel::table! {
    price_templates (coop_id, id) {
        coop_id -> Uuid,
        id -> Uuid,
        name -> Text,
        version -> Int4,
        maker_bp -> Int4,
        materials_bp -> Int4,
        cooperative_bp -> Int4,
        created_by -> Nullable<Uuid>,
        created_at -> Timestamptz,
    }
}

diesel::table! {
    prices (coop_id, variant_id, currency) {
        coop_id -> Uuid,
        variant_id -> Uuid,
        currency -> Text,
        amount_minor -> Int8,
        compare_at_minor -> Nullable<Int8>,
        tax_inclusive -> Bool,
        updated_at -> Timestamptz,
    }
}

diesel::table! {
    product_cards (coop_id, product_id, currency) {
        coop_id -> Uuid,
        product_id -> Uuid,
        currency -> Text,
        slug -> Text,
        title -> Text,
        title_key -> Text,
        cooperative -> Text,
        cooperative_slug -> Text,
        craft_code -> Nullable<Text>,
        price_minor -> Int8,
        tax_inclusive -> Bool,
        tax_category -> Text,
        in_stock -> Bool,
        picture -> Nullable<Text>,
        blurhash -> Nullable<Text>,
        alt -> Nullable<Text>,
        published_at -> Timestamptz,
    }
}

diesel::table! {
    product_media (coop_id, product_id, media_id) {
        coop_id -> Uuid,
        product_id -> Uuid,
        media_id -> Uuid,
        variant_id -> Nullable<Uuid>,
        position -> Int4,
        alt -> Text,
    }
}

diesel::table! {
    product_options (coop_id, product_id, position) {
        coop_id -> Uuid,
        product_id -> Uuid,
        position -> Int2,
        name -> Text,
    }
}

diesel::table! {
    product_slugs (slug) {
        slug -> Text,
        coop_id -> Uuid,
        product_id -> Uuid,
        retired_at -> Nullable<Timestamptz>,
    }
}

diesel::table! {
    products (coop_id, id) {
        coop_id -> Uuid,
        id -> Uuid,
        slug -> Text,
        title -> Text,
        body_html -> Text,
        body_text -> Text,
        kind -> Text,
        tags -> Array<Text>,
        craft_code -> Nullable<Text>,
        tax_category -> Text,
        materials -> Jsonb,
        stock_owner -> Text,
        status -> Text,
        gate -> Jsonb,
        made_to_order_days -> Nullable<Int4>,
        template_id -> Nullable<Uuid>,
        version -> Int8,
        created_at -> Timestamptz,
        updated_at -> Timestamptz,
        published_at -> Nullable<Timestamptz>,
    }
}

diesel::table! {
    reconciliation_answers (source_type, source_id, kind) {
        source_type -> Text,
        source_id -> Uuid,
        kind -> Text,
        transaction_id -> Text,
    }
}

diesel::table! {
    reconciliation_lines (run_id, position) {
        run_id -> Uuid,
        position -> Int4,
        bucket -> Text,
        reason -> Text,
        detail -> Text,
        transaction_id -> Nullable<Text>,
        subject -> Text,
        kind -> Text,
        object_id -> Nullable<Text>,
        currency -> Text,
        amount_minor -> Int8,
        fee_minor -> Int8,
        provider_minor -> Int8,
        ours_minor -> Int8,
        happened_at -> Timestamptz,
    }
}

diesel::table! {
    reconciliation_sums (run_id, currency) {
        run_id -> Uuid,
        currency -> Text,
        transactions -> Int4,
        ours_alone -> Int4,
        provider_minor -> Int8,
        ours_minor -> Int8,
        matched_lines -> Int4,
        matched_minor -> Int8,
        explained_lines -> Int4,
        explained_minor -> Int8,
        unexplained_lines -> Int4,
        unexplained_minor -> Int8,
    }
}

diesel::table! {
    reconciliations (id) {
        id -> Uuid,
        from_at -> Timestamptz,
        until_at -> Timestamptz,
        asked_by -> Text,
        account_id -> Nullable<Uuid>,
        started_at -> Timestamptz,
        ended_at -> Nullable<Timestamptz>,
        outcome -> Nullable<Text>,
    }
}

diesel::table! {
    record_photos (sha256) {
        sha256 -> Bytea,
        coop_id -> Uuid,
        subject_id -> Uuid,
        at -> Timestamptz,
    }
}

diesel::table! {
    refunds (id) {
        id -> Uuid,
        order_id -> Uuid,
        state -> Text,
        reason -> Text,
        amount_minor -> Int8,
        currency -> Text,
        parts -> Jsonb,
        provider_id -> Nullable<Text>,
        requested_by -> Nullable<Uuid>,
        note -> Text,
        created_at -> Timestamptz,
        updated_at -> Timestamptz,
        consent -> Nullable<Jsonb>,
    }
}

diesel::table! {
    sessions (id) {
        id -> Uuid,
        account_id -> Uuid,
        token_hash -> Bytea,
        created_at -> Timestamptz,
        expires_at -> Timestamptz,
        revoked_at -> Nullable<Timestamptz>,
    }
}

diesel::table! {
    signing_keys (id) {
        id -> Text,
        coop_id -> Uuid,
        public -> Bytea,
        did -> Text,
        name -> Text,
        sealed -> Bytea,
        created_at -> Timestamptz,
        retired_at -> Nullable<Timestamptz>,
    }
}

diesel::table! {
    stock (coop_id, variant_id) {
        coop_id -> Uuid,
        variant_id -> Uuid,
        policy -> Text,
        on_hand -> Int4,
        reserved -> Int4,
    }
}

diesel::table! {
    stock_reservations (order_id, variant_id) {
        order_id -> Uuid,
        coop_id -> Uuid,
        variant_id -> Uuid,
        quantity -> Int4,
        state -> Text,
    }
}

diesel::table! {
    stripe_events (id) {
        id -> Text,
        #[sql_name = "type"]
        type_ -> Text,
        object_id -> Text,
        payload -> Jsonb,
        received_at -> Timestamptz,
        processed_at -> Nullable<Timestamptz>,
        outcome -> Nullable<Text>,
    }
}

diesel::table! {
    stripe_news (one) {
        one -> Bool,
        read_to -> Timestamptz,
    }
}

diesel::table! {
    subject_keys (coop_id, artisan_id) {
        coop_id -> Uuid,
        artisan_id -> Uuid,
        sealed -> Bytea,
        created_at -> Timestamptz,
    }
}

diesel::table! {
    suspense_items (id) {
        id -> Uuid,
        subject -> Text,
        run_id -> Uuid,
        position -> Int4,
        currency -> Text,
        difference_minor -> Int8,
        fee_minor -> Int8,
        detail -> Text,
        state -> Text,
        happened_at -> Timestamptz,
        opened_at -> Timestamptz,
        action -> Nullable<Text>,
        account -> Nullable<Text>,
        match_type -> Nullable<Text>,
        match_id -> Nullable<Uuid>,
        match_kind -> Nullable<Text>,
        reason -> Nullable<Text>,
        proposed_by -> Nullable<Uuid>,
        proposed_at -> Nullable<Timestamptz>,
        approved_by -> Nullable<Uuid>,
        resolved_at -> Nullable<Timestamptz>,
    }
}

diesel::table! {
    tax_rates (jurisdiction, category, valid_from) {
        jurisdiction -> Text,
        category -> Text,
        rate_bp -> Int4,
        inclusive -> Bool,
        valid_from -> Date,
        source -> Text,
    }
}

diesel::table! {
    tax_registrations (id) {
        id -> Uuid,
        coop_id -> Nullable<Uuid>,
        jurisdiction -> Text,
        kind -> Text,
        number -> Text,
        valid_from -> Date,
        valid_to -> Nullable<Date>,
    }
}

diesel::table! {
    throttles (key) {
        key -> Bytea,
        full_at -> Timestamptz,
    }
}

diesel::table! {
    variants (coop_id, id) {
        coop_id -> Uuid,
        id -> Uuid,
        product_id -> Uuid,
        title -> Text,
        options -> Array<Text>,
        sku -> Nullable<Text>,
        barcode -> Nullable<Text>,
        grams -> Nullable<Int4>,
        position -> Int2,
        active -> Bool,
        created_at -> Timestamptz,
        updated_at -> Timestamptz,
    }
}

diesel::table! {
    wage_benchmarks (code) {
        code -> Text,
        kind -> Text,
        country -> Text,
        region -> Nullable<Text>,
        amount_minor -> Int8,
        currency -> Text,
        valid_from -> Date,
        source -> Text,
    }
}

diesel::table! {
    work_entries (coop_id, id) {
        coop_id -> Uuid,
        id -> Uuid,
        artisan_id -> Nullable<Uuid>,
        batch_id -> Nullable<Uuid>,
        step -> Text,
        pieces -> Int4,
        minutes -> Nullable<Int4>,
        rate_minor -> Int8,
        currency -> Text,
        worked_on -> Date,
        import_key -> Nullable<Text>,
        recorded_by -> Nullable<Uuid>,
        created_at -> Timestamptz,
    }
}

diesel::joinable!(api_keys -> accounts (created_by));
diesel::joinable!(api_keys -> cooperatives (coop_id));
diesel::joinable!(artisans -> cooperatives (coop_id));
diesel::joinable!(artisans -> crafts (craft_code));
diesel::joinable!(cart_deliveries -> carts (cart_id));
diesel::joinable!(cart_lines -> carts (cart_id));
diesel::joinable!(carts -> accounts (account_id));
diesel::joinable!(checkout_sessions -> orders (order_id));
diesel::joinable!(checkout_sessions -> payment_operations (id));
diesel::joinable!(collections -> cooperatives (coop_id));
diesel::joinable!(consents -> accounts (recorded_by));
diesel::joinable!(cooperative_events -> accounts (by_account));
diesel::joinable!(cooperative_events -> cooperatives (coop_id));
diesel::joinable!(delivery_options -> cooperatives (coop_id));
diesel::joinable!(invitations -> accounts (invited_by));
diesel::joinable!(invitations -> cooperatives (coop_id));
diesel::joinable!(item_reports -> accounts (resolved_by));
diesel::joinable!(leaves -> signing_keys (key_id));
diesel::joinable!(log_cosignatures -> log_checkpoints (size));
diesel::joinable!(log_entries -> log_statements (statement_id));
diesel::joinable!(log_outbox -> log_statements (statement_id));
diesel::joinable!(ledger_balances -> ledger_accounts (account_id));
diesel::joinable!(maker_payments -> accounts (recorded_by));
diesel::joinable!(media -> cooperatives (coop_id));
diesel::joinable!(memberships -> accounts (account_id));
diesel::joinable!(memberships -> cooperatives (coop_id));
diesel::joinable!(order_contacts -> orders (order_id));
diesel::joinable!(order_events -> orders (order_id));
diesel::joinable!(order_groups -> cooperatives (coop_id));
diesel::joinable!(order_groups -> orders (order_id));
diesel::joinable!(order_lines -> orders (order_id));
diesel::joinable!(orders -> accounts (account_id));
diesel::joinable!(password_resets -> accounts (account_id));
diesel::joinable!(payout_destinations -> cooperatives (coop_id));
diesel::joinable!(payout_holds -> cooperatives (coop_id));
diesel::joinable!(payout_lines -> ledger_transfers (transfer_id));
diesel::joinable!(payouts -> cooperatives (coop_id));
diesel::joinable!(payouts -> payout_files (file_id));
diesel::joinable!(premium_decisions -> cooperatives (coop_id));
diesel::joinable!(premium_spendings -> accounts (requested_by));
diesel::joinable!(price_agreements -> accounts (recorded_by));
diesel::joinable!(price_templates -> accounts (created_by));
diesel::joinable!(price_templates -> cooperatives (coop_id));
diesel::joinable!(products -> cooperatives (coop_id));
diesel::joinable!(products -> crafts (craft_code));
diesel::joinable!(record_photos -> cooperatives (coop_id));
diesel::joinable!(refunds -> orders (order_id));
diesel::joinable!(sessions -> accounts (account_id));
diesel::joinable!(signing_keys -> cooperatives (coop_id));
diesel::joinable!(stock_reservations -> orders (order_id));
diesel::joinable!(tax_registrations -> cooperatives (coop_id));
diesel::joinable!(work_entries -> accounts (recorded_by));
diesel::joinable!(work_entries -> cooperatives (coop_id));

diesel::allow_tables_to_appear_in_same_query!(
    accounts,
    api_keys,
    artisans,
    audit_log,
    auditor_reads,
    bank_report_lines,
    bank_reports,
    batches,
    cart_deliveries,
    cart_lines,
    carts,
    checkout_sessions,
    catalogue_changes,
    collection_products,
    collections,
    consents,
    cooperative_events,
    cooperatives,
    crafts,
    delivery_options,
    disclosures,
    dispute_evidence,
    dispute_policies,
    disputes,
    fulfilment_items,
    fulfilments,
    fx_rates,
    idempotency_keys,
    invitations,
    item_claims,
    item_reports,
    items,
    jobs,
    leaves,
    ledger_accounts,
    ledger_balances,
    ledger_periods,
    ledger_transfers,
    log_chains,
    log_checkpoints,
    log_cosignatures,
    log_entries,
    log_keys,
    log_outbox,
    log_statements,
    log_tiles,
    maker_floors,
    log_tip_tiles,
    maker_payments,
    media,
    memberships,
    money_alerts,
    order_contacts,
    order_events,
    order_groups,
    order_lines,
    order_materials,
    orders,
    password_resets,
    payment_operations,
    payout_corridors,
    payout_destinations,
    payout_events,
    payout_files,
    payout_holds,
    payout_lines,
    payout_shares,
    payouts,
    premium_decisions,
    premium_spendings,
    price_agreements,
    price_templates,
    prices,
    product_cards,
    product_media,
    product_options,
    product_slugs,
    products,
    reconciliation_answers,
    reconciliation_lines,
    reconciliation_sums,
    reconciliations,
    record_photos,
    refunds,
    sessions,
    signing_keys,
    stock,
    stock_reservations,
    stripe_events,
    stripe_news,
    subject_keys,
    suspense_items,
    tax_rates,
    tax_registrations,
    throttles,
    variants,
    wage_benchmarks,
    work_entries,
);
