//! How many batches of webhooks are under way, and waiting until none is.

use std::sync::Arc;

use tokio::sync::watch;

#[derive(Clone)]
pub(crate) struct Deliveries(Arc<watch::Sender<usize>>);

/// Deliveries under way, until it is dropped.
pub(crate) struct Pending(Deliveries);

impl Deliveries {
    pub fn new() -> Deliveries {
        Deliveries(Arc::new(watch::Sender::new(0)))
    }

    pub fn begin(&self) -> Pending {
        self.0.send_modify(|under_way| *under_way += 1);
        Pending(self.clone())
    }

    pub async fn none(&self) {
        // The sender lives as long as we do, so waiting cannot fail.
        let _ = self.0.subscribe().wait_for(|under_way| *under_way == 0).await;
    }
}

impl Drop for Pending {
    fn drop(&mut self) {
        self.0.0.send_modify(|under_way| *under_way -= 1);
    }
}
