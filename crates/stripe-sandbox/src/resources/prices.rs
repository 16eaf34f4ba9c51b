//! Products and prices, as far as a checkout session names them.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::error::ApiError;
use crate::params::Params;
use crate::state::{Context, Metadata, Record, State, find};

#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Product {
    pub id: String,
    pub name: String,
    pub description: Option<String>,
    pub metadata: Metadata,
    pub created: i64,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Price {
    pub id: String,
    pub product: String,
    pub currency: String,
    pub unit_amount: i64,
    pub nickname: Option<String>,
    pub metadata: Metadata,
    pub created: i64,
}

/// `POST /v1/products`.
pub(crate) fn create_product(state: &mut State, p: &mut Params, cx: &Context) -> Result<Value, ApiError> {
    let name = p.required("name")?;
    let description = p.text("description");
    let metadata = p.metadata("metadata")?;
    p.finish()?;
    let id = state.id("prod_");
    state.products.insert(id.clone(), Product { id: id.clone(), name, description, metadata, created: cx.now });
    state.emit_id("product.created", &id, cx);
    find(&state.products, &id, "id").map(Record::json)
}

/// `POST /v1/prices`, of something that is bought once.
pub(crate) fn create_price(state: &mut State, p: &mut Params, cx: &Context) -> Result<Value, ApiError> {
    let product = p.required("product")?;
    let currency = p.currency("currency")?;
    let unit_amount = p.required_at_least("unit_amount", 0)?;
    let nickname = p.text("nickname");
    let metadata = p.metadata("metadata")?;
    p.finish()?;
    find(&state.products, &product, "product")?;
    let id = state.id("price_");
    state.prices.insert(id.clone(), Price { id: id.clone(), product, currency, unit_amount, nickname, metadata, created: cx.now });
    state.emit_id("price.created", &id, cx);
    find(&state.prices, &id, "id").map(Record::json)
}

impl Record for Product {
    const NOUN: &'static str = "product";
    const PATH: &'static str = "/v1/products";

    fn created(&self) -> i64 {
        self.created
    }

    fn field(&self, _name: &str) -> Option<&str> {
        None
    }

    fn json(&self) -> Value {
        json!({
            "id": self.id, "object": "product", "active": true, "created": self.created, "default_price": null, "description": self.description,
            "images": [], "livemode": false, "marketing_features": [], "metadata": self.metadata, "name": self.name, "package_dimensions": null,
            "shippable": null, "statement_descriptor": null, "tax_code": null, "unit_label": null, "updated": self.created, "url": null,
        })
    }
}

impl Record for Price {
    const NOUN: &'static str = "price";
    const PATH: &'static str = "/v1/prices";

    fn created(&self) -> i64 {
        self.created
    }

    fn field(&self, _name: &str) -> Option<&str> {
        None
    }

    fn json(&self) -> Value {
        json!({
            "id": self.id, "object": "price", "active": true, "billing_scheme": "per_unit", "created": self.created, "currency": self.currency,
            "custom_unit_amount": null, "livemode": false, "lookup_key": null, "metadata": self.metadata, "nickname": self.nickname,
            "product": self.product, "recurring": null, "tax_behavior": "unspecified", "tiers_mode": null, "transform_quantity": null,
            "type": "one_time", "unit_amount": self.unit_amount, "unit_amount_decimal": self.unit_amount.to_string(),
        })
    }
}
