//! A buyer gives up what is being made for her: she is shown what that costs, and pays that and no more.
use actix_web::{HttpResponse, get, post, web};
use utoipa_actix_web::service_config::ServiceConfig;

use super::{DueBody, RefundPreview, RefundView, answered, finish};
use crate::{
    app::App,
    checkout::{
        Error,
        refunds::{
            self,
            model::{Ask, By, Reason, What},
        },
    },
    db::{Conn, Tx},
    http::Body,
    idempotency::{self, Begin},
    ids::{OrderId, OrderLineId},
    money::Money,
    orders::{self, http::OrderToken},
    problem::{Problem, ProblemView},
};

pub fn routes(api: &mut ServiceConfig) {
    api.service(preview_cancellation).service(create_cancellation);
}

/// All pieces of lines that are made to order and have not left; of `only`, where lines are named.
async fn ask(conn: &mut Conn, order: OrderId, only: Option<&[OrderLineId]>, expected: Option<Money>) -> Result<Ask, Error> {
    let frozen = orders::frozen(conn, order).await?;
    let open = |l: &&orders::FrozenLine| l.made_to_order && l.to_ship() > 0;
    if let Some(at) = only.and_then(|only| only.iter().position(|id| !frozen.lines.iter().filter(open).any(|l| l.id == *id))) {
        return Err(Error::Unknown { pointer: format!("/lines/{at}"), expected: "a line of this order that is made to order and has not left" });
    }
    let wanted = frozen.lines.iter().filter(open).filter(|l| only.is_none_or(|only| only.contains(&l.id)));
    let lines: Vec<_> = wanted.map(|l| (l.id, l.to_ship())).collect();
    if lines.is_empty() {
        return Err(Error::BadRefund("nothing of it is made to order and still here: write to us, and we look at it"));
    }
    let what = What::Parts { lines, shipping: Vec::new() };
    Ok(Ask { what, reason: Reason::Cancelled, note: String::new(), consent: None, by: By::Buyer, expected })
}

/// What goes back if everything that is made to order and has not left is given up now, and what is due for work and material. Before a
/// piece is started nothing is.
#[utoipa::path(tag = "orders", operation_id = "preview_cancellation", params(("id" = OrderId, Path), ("X-Order-Token" = String, Header)),
    responses((status = 200, body = RefundPreview), (status = 404, body = ProblemView), (status = 409, body = ProblemView)))]
#[get("/v1/store/orders/{id}/cancellation")]
async fn preview_cancellation(app: web::Data<App>, mine: OrderToken) -> Result<HttpResponse, Problem> {
    let ask = ask(&mut *app.db.conn().await?, mine.order, None, None).await?;
    let plan = app.db.transaction(async |tx| refunds::preview(tx, mine.order, &ask).await).await?;
    Ok(HttpResponse::Ok().insert_header(("Cache-Control", "no-store")).json(RefundPreview::from(plan)))
}

#[derive(serde::Serialize, serde::Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
struct CancellationBody {
    /// Which lines, with all of their pieces that have not left; all that are made to order if left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    lines: Option<Vec<OrderLineId>>,
    /// `due` as she was shown it. If it is another by now, nothing happens and the new figure is told.
    expected_due: DueBody,
}

/// Give up what is made to order and has not left. The rest of its price goes back.
#[utoipa::path(tag = "orders", operation_id = "create_cancellation", request_body = CancellationBody,
    params(("id" = OrderId, Path), ("X-Order-Token" = String, Header), ("Idempotency-Key" = String, Header)),
    responses((status = 202, body = RefundView), (status = 400, body = ProblemView), (status = 404, body = ProblemView), (status = 409, body = ProblemView), (status = 422, body = ProblemView), (status = 428, body = ProblemView)))]
#[post("/v1/store/orders/{id}/cancellation")]
async fn create_cancellation(
    app: web::Data<App>,
    mine: OrderToken,
    key: idempotency::Key,
    Body(body): Body<CancellationBody>,
) -> Result<HttpResponse, Problem> {
    let (who, what) = (format!("order:{}", mine.order), format!("create_cancellation:{}", mine.order));
    let operation = match idempotency::begin(&app.db, &app.clock, who, key, &what, &body).await? {
        Begin::Replay(stored) => return Ok(stored.respond(true, stored.body.clone())),
        Begin::Run(operation) => operation,
    };
    let now = app.clock.now();
    let (only, expected) = (body.lines, Money::from(body.expected_due));
    let made = async |tx: &mut Tx| {
        let ask = ask(tx, mine.order, only.as_deref(), Some(expected)).await?;
        let refund = refunds::request(&app, tx, now, operation.id, mine.order, &ask).await?;
        answered(tx, &operation, refund).await
    };
    let made = app.db.transaction_retrying(made).await;
    finish(&app, &operation, made).await
}
