//! A load client: HTTP/1.1 over kept connections, one request at a time on each.
use std::{
    net::Ipv4Addr,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use crate::{
    Failure,
    measure::{Cpu, Measured},
};

pub struct Wire {
    stream: TcpStream,
    buffer: Vec<u8>,
}

pub struct Reply {
    pub status: u16,
    pub body: Vec<u8>,
}

impl Wire {
    pub async fn open(address: &str) -> Result<Self, Failure> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        Ok(Self { stream, buffer: Vec::with_capacity(64 * 1024) })
    }
    pub async fn send(&mut self, request: &[u8]) -> Result<Reply, Failure> {
        self.stream.write_all(request).await?;
        self.buffer.clear();
        let head = loop {
            if let Some(at) = self.buffer.windows(4).position(|w| w == b"\r\n\r\n") {
                break at + 4;
            }
            self.more().await?;
        };
        let text = std::str::from_utf8(&self.buffer[..head])?;
        let status = text.get(9..12).ok_or("no status")?.parse()?;
        let length = text.lines().find_map(|line| {
            let (name, value) = line.split_once(':')?;
            name.eq_ignore_ascii_case("content-length").then(|| value.trim().parse::<usize>().ok())?
        });
        let end = head + length.unwrap_or(0);
        while self.buffer.len() < end {
            self.more().await?;
        }
        Ok(Reply { status, body: self.buffer[head..end].to_vec() })
    }
    async fn more(&mut self) -> Result<(), Failure> {
        if self.stream.read_buf(&mut self.buffer).await? == 0 {
            return Err("the server closed the connection".into());
        }
        Ok(())
    }
}

/// Requests come from as many addresses as those of a shop do: each address has its limit, and what keeping it costs is in the figures.
fn from() -> Ipv4Addr {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    Ipv4Addr::from_bits((10 << 24) | (NEXT.fetch_add(1, Ordering::Relaxed) & 0xffff))
}
pub fn get(path: &str) -> Vec<u8> {
    get_with(path, "")
}
pub fn get_with(path: &str, headers: &str) -> Vec<u8> {
    format!("GET {path} HTTP/1.1\r\nHost: bench\r\nX-Forwarded-For: {}\r\n{headers}\r\n", from()).into_bytes()
}
pub fn post(path: &str, headers: &str, body: &str) -> Vec<u8> {
    let (from, length) = (from(), body.len());
    format!(
        "POST {path} HTTP/1.1\r\nHost: bench\r\nX-Forwarded-For: {from}\r\nContent-Type: application/json\r\n{headers}Content-Length: {length}\r\n\r\n{body}"
    )
    .into_bytes()
}

/// One client's life: what it does between two looks at the clock is one request, or one order.
pub trait Client: Send + 'static {
    fn step(&mut self, wire: &mut Wire) -> impl Future<Output = Result<(), Failure>> + Send;
}

/// Requests that need nothing of each other's answers.
pub struct Reads<F>(pub F, pub u64);
impl<F: FnMut(u64) -> String + Send + 'static> Client for Reads<F> {
    async fn step(&mut self, wire: &mut Wire) -> Result<(), Failure> {
        let path = (self.0)(self.1);
        self.1 += 1;
        let reply = wire.send(&get(&path)).await?;
        if reply.status == 200 { Ok(()) } else { Err(format!("{path}: {}: {}", reply.status, String::from_utf8_lossy(&reply.body)).into()) }
    }
}

/// Long enough for connections, caches and plans to be there.
const WARM: Duration = Duration::from_millis(700);
/// The same for whoever leaves work behind: an order takes a hundred statements on one of sixteen connections, each of which plans each of
/// them six times before it trusts a plan.
const WARM_WORK: Duration = Duration::from_secs(6);

/// Runs `clients` against `address` for `lasting` after a warm-up. CPU is read at both ends; or, if what was asked for leaves work behind,
/// when `rest` is over, and shared among all that was done until then.
pub async fn run<C: Client>(
    address: &str,
    clients: Vec<C>,
    lasting: Duration,
    cpu: impl Fn() -> Cpu,
    rest: Option<impl Future<Output = Result<(), Failure>>>,
) -> Result<Measured, Failure> {
    let (counting, stop) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicBool::new(false)));
    let done = Arc::new(AtomicU64::new(0));
    let mut tasks = Vec::new();
    for mut client in clients {
        let (counting, stop, done) = (counting.clone(), stop.clone(), done.clone());
        let mut wire = Wire::open(address).await?;
        tasks.push(tokio::spawn(async move {
            let mut micros = Vec::new();
            while !stop.load(Ordering::Relaxed) {
                let begun = Instant::now();
                client.step(&mut wire).await?;
                if counting.load(Ordering::Relaxed) {
                    micros.push(u32::try_from(begun.elapsed().as_micros()).unwrap_or(u32::MAX));
                    done.fetch_add(1, Ordering::Relaxed);
                }
            }
            Ok::<_, Failure>(micros)
        }));
    }
    tokio::time::sleep(if rest.is_some() { WARM_WORK } else { WARM }).await;
    let (begun, before) = (Instant::now(), cpu());
    counting.store(true, Ordering::Relaxed);
    tokio::time::sleep(lasting).await;
    let (mut after, took) = (cpu(), begun.elapsed());
    let requests = done.load(Ordering::Relaxed);
    stop.store(true, Ordering::Relaxed);
    let mut micros = Vec::new();
    for task in tasks {
        micros.extend(task.await??);
    }
    let mut paid = requests;
    if let Some(rest) = rest {
        rest.await?;
        (after, paid) = (cpu(), done.load(Ordering::Relaxed));
    }
    Ok(Measured { requests, took, micros, cpu: (after.0 - before.0, after.1 - before.1), paid })
}

/// Nothing is left behind by reading.
pub const NO_REST: Option<std::future::Ready<Result<(), Failure>>> = None;
