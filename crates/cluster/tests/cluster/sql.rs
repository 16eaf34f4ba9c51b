//! Just enough of PostgreSQL's protocol (version 3, trust, simple queries) to ask a server something without a driver.

use std::{
    io::{Error, Read, Result, Write},
    os::unix::net::UnixStream,
};

use cluster::Cluster;

/// Runs one statement as the superuser and returns its values, row by row, as text.
pub fn ask(cluster: &Cluster, database: &str, statement: &str) -> Result<Vec<String>> {
    let mut stream = UnixStream::connect(cluster.socket_dir().join(".s.PGSQL.5432"))?;
    let mut hello = 0x0003_0000_i32.to_be_bytes().to_vec();
    for text in ["user", "haat", "database", database, ""] {
        hello.extend_from_slice(text.as_bytes());
        hello.push(0);
    }
    stream.write_all(&length(hello.len()))?;
    stream.write_all(&hello)?;
    until_ready(&mut stream)?;
    stream.write_all(b"Q")?;
    stream.write_all(&length(statement.len() + 1))?;
    stream.write_all(statement.as_bytes())?;
    stream.write_all(&[0])?;
    let values = until_ready(&mut stream)?;
    stream.write_all(b"X\0\0\0\x04")?;
    Ok(values)
}

/// The one value of a statement that yields one.
pub fn value(cluster: &Cluster, database: &str, statement: &str) -> String {
    let mut values = ask(cluster, database, statement).unwrap_or_else(|e| panic!("{statement}: {e}"));
    assert_eq!(values.len(), 1, "{statement}: {values:?}");
    values.remove(0)
}

fn length(payload: usize) -> [u8; 4] {
    i32::try_from(payload + 4).unwrap().to_be_bytes()
}

fn until_ready(stream: &mut UnixStream) -> Result<Vec<String>> {
    let (mut values, mut failure) = (Vec::new(), None);
    loop {
        let mut head = [0; 5];
        stream.read_exact(&mut head)?;
        let size = u32::from_be_bytes([head[1], head[2], head[3], head[4]]);
        let mut body = vec![0; usize::try_from(size).unwrap() - 4];
        stream.read_exact(&mut body)?;
        match head[0] {
            b'Z' => return failure.map_or(Ok(values), |said| Err(Error::other(said))),
            b'E' => {
                let said = String::from_utf8_lossy(&body).replace('\0', " ");
                // A refused connection is closed without a further word.
                if said.contains("FATAL") {
                    return Err(Error::other(said));
                }
                failure = Some(said);
            }
            b'D' => {
                let mut rest = &body[2..];
                while let Some((size, tail)) = rest.split_first_chunk::<4>() {
                    let size = usize::try_from(i32::from_be_bytes(*size)).unwrap_or(0);
                    values.push(String::from_utf8_lossy(&tail[..size]).into_owned());
                    rest = &tail[size..];
                }
            }
            _ => {}
        }
    }
}
