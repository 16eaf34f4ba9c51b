//! Typed identifiers. A `CoopId` cannot be passed where an `OrderId` is expected.

/// Declares one identifier type per line: a UUID v7 in Rust, `uuid` in PostgreSQL and in JSON. A UUID is never a secret.
macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident),+ $(,)?) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[derive(serde::Serialize, serde::Deserialize)]
        #[derive(diesel::expression::AsExpression, diesel::deserialize::FromSqlRow, utoipa::ToSchema)]
        #[serde(transparent)]
        #[schema(value_type = String, format = Uuid)]
        #[diesel(sql_type = diesel::sql_types::Uuid)]
        pub struct $name(uuid::Uuid);

        impl $name {
            /// A new, time-ordered id.
            #[expect(clippy::new_without_default, reason = "a fresh id is not a default value")]
            pub fn new() -> Self { Self(new_uuid()) }
            pub const fn uuid(self) -> uuid::Uuid { self.0 }
        }
        impl From<uuid::Uuid> for $name {
            fn from(id: uuid::Uuid) -> Self { Self(id) }
        }
        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result { self.0.fmt(f) }
        }
        impl std::str::FromStr for $name {
            type Err = uuid::Error;
            fn from_str(text: &str) -> Result<Self, uuid::Error> { text.parse().map(Self) }
        }
        impl diesel::serialize::ToSql<diesel::sql_types::Uuid, diesel::pg::Pg> for $name {
            fn to_sql<'b>(&'b self, out: &mut diesel::serialize::Output<'b, '_, diesel::pg::Pg>)
                -> diesel::serialize::Result
            {
                diesel::serialize::ToSql::<diesel::sql_types::Uuid, diesel::pg::Pg>::to_sql(&self.0, out)
            }
        }
        impl diesel::deserialize::FromSql<diesel::sql_types::Uuid, diesel::pg::Pg> for $name {
            fn from_sql(value: diesel::pg::PgValue<'_>) -> diesel::deserialize::Result<Self> {
                <uuid::Uuid as diesel::deserialize::FromSql<diesel::sql_types::Uuid, diesel::pg::Pg>>::from_sql(value).map(Self)
            }
        }
    )+};
}

/// The one place that makes UUIDs: version 7, so that keys are ordered by time of making.
#[expect(clippy::disallowed_methods, reason = "this is that place")]
pub fn new_uuid() -> uuid::Uuid {
    uuid::Uuid::now_v7()
}

ids! {
    /// A person who can sign in.
    AccountId,
    /// What a storefront or an integration authenticates with.
    ApiKeyId,
    /// One look of an auditor's.
    AuditorReadId,
    /// An artisan: whoever makes the things.
    ArtisanId,
    /// A lot of identical pieces.
    BatchId,
    CartId,
    CartLineId,
    CollectionId,
    /// A cooperative: the party that sells and is paid.
    CoopId,
    ConsentId,
    /// Where a payout goes; the details are sealed.
    DestinationId,
    /// A payment that a buyer's bank took back.
    DisputeId,
    DeliveryOptionId,
    /// What several leaves of one change share.
    EventId,
    FulfilmentId,
    ImportId,
    InvitationId,
    /// One serial piece.
    ItemId,
    JobId,
    LedgerAccountId,
    MakerPaymentId,
    MediaId,
    MembershipId,
    /// One unsafe request under an idempotency key, and the call to a provider that it leads to.
    OperationId,
    OrderId,
    /// The part of an order that one cooperative sends.
    OrderGroupId,
    OrderLineId,
    /// Material that was bought for a line.
    OrderMaterialId,
    PayoutFileId,
    BankReportId,
    PayoutHoldId,
    PayoutId,
    /// What members decided about their fund.
    PremiumDecisionId,
    PremiumSpendingId,
    PriceAgreementId,
    PriceTemplateId,
    ProductId,
    /// One comparison of our books with the provider's.
    ReconciliationId,
    RefundId,
    /// A doubt about an item.
    ReportId,
    ResetId,
    SessionId,
    /// Something that no comparison explains, until two people do.
    SuspenseItemId,
    TaxRegistrationId,
    TransferId,
    VariantId,
    WorkId,
}
