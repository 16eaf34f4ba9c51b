//! One private cluster per test run, migrated once into a template; a database per test, cloned from it and never dropped inline.
use std::{
    path::PathBuf,
    sync::{
        LazyLock,
        atomic::{AtomicU32, Ordering},
    },
};

use cluster::{Cluster, Life};
use diesel_async::{AsyncConnection, AsyncPgConnection, SimpleAsyncConnection};
use haat::db::{Db, migrate};

/// A static is never dropped: the cluster's guard sees the end of the process and removes the folder.
static CLUSTER: LazyLock<Cluster> = LazyLock::new(|| {
    let dir: PathBuf = std::env::temp_dir().join(format!("haat-test-{}", std::process::id()));
    let cluster = Cluster::start(&dir, Life::UntilWeEnd).expect("a private PostgreSQL starts");
    let (admin, template) = (cluster.url("postgres"), cluster.url("template"));
    let thread = std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async { AsyncPgConnection::establish(&admin).await.unwrap().batch_execute("CREATE DATABASE template").await.unwrap() });
    });
    thread.join().unwrap();
    migrate::up(&template).expect("the migrations apply");
    cluster
});

pub struct TestDb {
    pub db: Db,
    pub url: String,
}

pub async fn database() -> TestDb {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let name = format!("t{}", NEXT.fetch_add(1, Ordering::Relaxed));
    let mut admin = AsyncPgConnection::establish(&CLUSTER.url("postgres")).await.unwrap();
    admin.batch_execute(&format!("CREATE DATABASE {name} TEMPLATE template")).await.unwrap();
    let url = CLUSTER.url(&name);
    TestDb { db: Db::connect(&url, 4), url }
}
