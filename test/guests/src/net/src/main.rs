//! A program of the standard library's network: each command is one conversation, and says on standard output what it saw. Nothing of
//! what is printed depends on ports, so that two hosts can be compared.

use std::env;
use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, Ipv6Addr, Shutdown, SocketAddr, TcpListener, TcpStream, ToSocketAddrs, UdpSocket};
use std::time::Duration;

fn main() {
    let args: Vec<String> = env::args().collect();
    let word = |index: usize| args.get(index).map(String::as_str).unwrap_or("");
    let done = match word(1) {
        "tcp-client" => tcp_client(word(2)),
        "tcp-server" => tcp_server(word(2), word(3)),
        "tcp-self" => tcp_self(word(2)),
        "tcp-half" => tcp_half(),
        "tcp-options" => tcp_options(),
        "tcp-many" => tcp_many(word(2)),
        "tcp-big" => tcp_big(word(2), word(3)),
        "tcp-connect" => tcp_connect(word(2)),
        "tcp-bind" => tcp_bind(word(2)),
        "tcp-wait" => tcp_wait(),
        "tcp-reset" => tcp_reset(word(2)),
        "tcp-drop" => tcp_drop(word(2), word(3)),
        "udp-client" => udp_client(word(2)),
        "udp-server" => udp_server(word(2), word(3)),
        "udp-self" => udp_self(word(2)),
        "udp-options" => udp_options(),
        "udp-send" => udp_send(word(2)),
        "udp-large" => udp_large(),
        "lookup" => lookup(&args[2..]),
        "lookup-connect" => lookup_connect(word(2)),
        other => {
            eprintln!("no such command: {other:?}");
            std::process::exit(2);
        }
    };
    if let Err(error) = done {
        println!("error {:?}", error.kind());
        std::process::exit(1);
    }
}

fn loopback(family: &str) -> &'static str {
    if family == "6" { "[::1]:0" } else { "127.0.0.1:0" }
}

fn said<T: std::fmt::Debug>(what: &str, result: io::Result<T>) {
    match result {
        Ok(value) => println!("{what}: ok {value:?}"),
        Err(error) => println!("{what}: {:?}", error.kind()),
    }
}

fn say(what: &str, result: io::Result<impl Sized>) {
    said(what, result.map(|_| ()));
}

fn tcp_client(to: &str) -> io::Result<()> {
    let mut stream = TcpStream::connect(to)?;
    println!("peer is the one asked for: {}", stream.peer_addr()?.to_string() == to);
    println!("local port is known: {}", stream.local_addr()?.port() != 0);
    stream.write_all(b"one line\nand another\n")?;
    stream.flush()?;
    stream.shutdown(Shutdown::Write)?;
    let mut text = String::new();
    stream.read_to_string(&mut text)?;
    print!("{text}");
    say("write after shutdown", stream.write(b"x"));
    Ok(())
}

/// Echoes until each of `count` connections is at its end. The first line names the port.
fn tcp_server(at: &str, count: &str) -> io::Result<()> {
    let listener = TcpListener::bind(at)?;
    println!("port {}", listener.local_addr()?.port());
    for stream in listener.incoming().take(count.parse().unwrap_or(1)) {
        let mut stream = stream?;
        let mut buffer = [0; 4096];
        let mut total = 0;
        loop {
            let length = stream.read(&mut buffer)?;
            if length == 0 {
                break;
            }
            total += length;
            stream.write_all(&buffer[..length])?;
        }
        println!("{total} bytes");
    }
    Ok(())
}

fn pair(family: &str) -> io::Result<(TcpListener, TcpStream, TcpStream)> {
    let listener = TcpListener::bind(loopback(family))?;
    let client = TcpStream::connect(listener.local_addr()?)?;
    let (peer, from) = listener.accept()?;
    println!("the peer is the client: {}", from == client.local_addr()?);
    println!("addresses agree: {}", peer.local_addr()? == client.peer_addr()?);
    Ok((listener, client, peer))
}

fn tcp_self(family: &str) -> io::Result<()> {
    let (_listener, mut client, mut peer) = pair(family)?;
    client.write_all(b"ping")?;
    let mut buffer = [0; 16];
    let length = peer.read(&mut buffer)?;
    println!("{}", String::from_utf8_lossy(&buffer[..length]));
    peer.write_all(b"pong")?;
    let length = client.read(&mut buffer)?;
    println!("{}", String::from_utf8_lossy(&buffer[..length]));
    drop(peer);
    println!("end: {}", client.read(&mut buffer)?);
    Ok(())
}

fn tcp_half() -> io::Result<()> {
    let (_listener, mut client, mut peer) = pair("4")?;
    let mut buffer = [0; 16];
    client.write_all(b"last words")?;
    client.shutdown(Shutdown::Write)?;
    println!("peer read {}", peer.read(&mut buffer)?);
    println!("peer read {}", peer.read(&mut buffer)?);
    println!("peer read {}", peer.read(&mut buffer)?);
    peer.write_all(b"an answer")?;
    println!("client read {}", client.read(&mut buffer)?);
    client.shutdown(Shutdown::Read)?;
    println!("client read {}", client.read(&mut buffer)?);
    say("shutdown again", client.shutdown(Shutdown::Write));
    peer.shutdown(Shutdown::Both)?;
    println!("peer read {}", peer.read(&mut buffer)?);
    Ok(())
}

fn tcp_options() -> io::Result<()> {
    let (listener, client, _peer) = pair("4")?;
    said("ttl", client.ttl());
    say("set ttl 0", client.set_ttl(0));
    client.set_ttl(77)?;
    said("ttl", client.ttl());
    say("nodelay", client.set_nodelay(true));
    said("pending error", client.take_error());
    listener.set_ttl(33)?;
    said("listener ttl", listener.ttl());
    let _next = TcpStream::connect(listener.local_addr()?)?;
    let (inherited, _) = listener.accept()?;
    said("inherited ttl", inherited.ttl());
    Ok(())
}

/// Many connections that are open at once, each with something to say.
fn tcp_many(count: &str) -> io::Result<()> {
    let count: usize = count.parse().unwrap_or(1);
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let mut open = Vec::new();
    for index in 0..count {
        let client = TcpStream::connect(listener.local_addr()?)?;
        let (peer, _) = listener.accept()?;
        open.push((index, client, peer));
    }
    let mut sum = 0;
    for (index, client, _) in open.iter_mut().rev() {
        client.write_all(&(*index as u32).to_le_bytes())?;
    }
    for (_, _, peer) in &mut open {
        let mut bytes = [0; 4];
        peer.read_exact(&mut bytes)?;
        sum += u32::from_le_bytes(bytes) as usize;
    }
    println!("{count} connections, sum {sum}");
    Ok(())
}

/// Sends `megabytes` to an echo and reads them back: whoever buffers without end, or deadlocks, is found out.
fn tcp_big(to: &str, megabytes: &str) -> io::Result<()> {
    let mut stream = TcpStream::connect(to)?;
    let block: Vec<u8> = (0..65_536u32).map(|n| (n * 31 + (n >> 8)) as u8).collect();
    let mut back = vec![0; block.len()];
    let (mut digest, mut total) = (0u64, 0u64);
    for _ in 0..megabytes.parse::<usize>().unwrap_or(1) * 16 {
        stream.write_all(&block)?;
        stream.read_exact(&mut back)?;
        for &byte in &back {
            digest = digest.wrapping_mul(31).wrapping_add(byte as u64);
        }
        total += back.len() as u64;
    }
    println!("{total} bytes, digest {digest:x}");
    Ok(())
}

fn tcp_connect(to: &str) -> io::Result<()> {
    TcpStream::connect(to)?;
    println!("connected");
    Ok(())
}

fn tcp_bind(at: &str) -> io::Result<()> {
    let first = TcpListener::bind(at)?;
    say("a second one", TcpListener::bind(first.local_addr()?));
    drop(first);
    println!("bound");
    Ok(())
}

fn tcp_wait() -> io::Result<()> {
    let (listener, mut client, mut peer) = pair("4")?;
    listener.set_nonblocking(true)?;
    say("accept", listener.accept());
    client.set_nonblocking(true)?;
    let mut buffer = [0; 8];
    say("read", client.read(&mut buffer));
    peer.write_all(b"x")?;
    client.set_nonblocking(false)?;
    said("read", client.read(&mut buffer));
    Ok(())
}

/// The peer resets the connection as soon as it hears something.
fn tcp_reset(to: &str) -> io::Result<()> {
    let mut stream = TcpStream::connect(to)?;
    stream.write_all(b"x")?;
    let mut buffer = [0; 8];
    said("read", stream.read(&mut buffer));
    said("read", stream.read(&mut buffer));
    Ok(())
}

/// Writes and ends at once: what was written has to arrive.
fn tcp_drop(to: &str, kilobytes: &str) -> io::Result<()> {
    let mut stream = TcpStream::connect(to)?;
    let block = [7; 1024];
    for _ in 0..kilobytes.parse::<usize>().unwrap_or(1) {
        stream.write_all(&block)?;
    }
    println!("written");
    Ok(())
}

fn udp_client(to: &str) -> io::Result<()> {
    let socket = UdpSocket::bind((Ipv4Addr::UNSPECIFIED, 0))?;
    socket.connect(to)?;
    println!("peer is the one asked for: {}", socket.peer_addr()?.to_string() == to);
    let mut buffer = [0; 64];
    for text in ["first", "", "third"] {
        socket.send(text.as_bytes())?;
        let length = socket.recv(&mut buffer)?;
        println!("{:?}", String::from_utf8_lossy(&buffer[..length]));
    }
    Ok(())
}

/// Echoes `count` datagrams. The first line names the port.
fn udp_server(at: &str, count: &str) -> io::Result<()> {
    let socket = UdpSocket::bind(at)?;
    println!("port {}", socket.local_addr()?.port());
    let mut buffer = [0; 65_536];
    for _ in 0..count.parse().unwrap_or(1) {
        let (length, from) = socket.recv_from(&mut buffer)?;
        println!("{length} bytes");
        socket.send_to(&buffer[..length], from)?;
    }
    Ok(())
}

fn udp_self(family: &str) -> io::Result<()> {
    let one = UdpSocket::bind(loopback(family))?;
    let two = UdpSocket::bind(loopback(family))?;
    let mut buffer = [0; 64];
    one.send_to(b"hello", two.local_addr()?)?;
    let (length, from) = two.recv_from(&mut buffer)?;
    println!("{} from one: {}", String::from_utf8_lossy(&buffer[..length]), from == one.local_addr()?);
    two.connect(from)?;
    two.send(b"back")?;
    let length = one.recv(&mut buffer[..2])?;
    println!("cut to {length}");
    two.set_nonblocking(true)?;
    said("nothing", two.recv(&mut buffer));
    said("peer", two.peer_addr().map(|peer| peer == from));
    say("no peer", one.peer_addr());
    Ok(())
}

fn udp_options() -> io::Result<()> {
    let socket = UdpSocket::bind("127.0.0.1:0")?;
    said("ttl", socket.ttl());
    socket.set_ttl(9)?;
    said("ttl", socket.ttl());
    say("set ttl 0", socket.set_ttl(0));
    say("again", UdpSocket::bind(socket.local_addr()?));
    Ok(())
}

fn udp_send(to: &str) -> io::Result<()> {
    let any: SocketAddr = if to.starts_with('[') {
        (Ipv6Addr::UNSPECIFIED, 0).into()
    } else {
        (Ipv4Addr::UNSPECIFIED, 0).into()
    };
    let socket = UdpSocket::bind(any)?;
    println!("bound");
    said("sent", socket.send_to(b"x", to));
    say("connected", socket.connect(to));
    Ok(())
}

fn udp_large() -> io::Result<()> {
    let one = UdpSocket::bind("127.0.0.1:0")?;
    let two = UdpSocket::bind("127.0.0.1:0")?;
    let bytes = vec![5; 65_508];
    let mut buffer = vec![0; 65_536];
    said("sent", one.send_to(&bytes[..32_000], two.local_addr()?));
    said("received", two.recv(&mut buffer));
    say("too large", one.send_to(&bytes, two.local_addr()?));
    Ok(())
}

fn lookup(names: &[String]) -> io::Result<()> {
    for name in names {
        match (name.as_str(), 80).to_socket_addrs() {
            Ok(found) => {
                let mut all: Vec<String> = found.map(|each| each.ip().to_string()).collect();
                all.sort();
                all.dedup();
                println!("{name}: {}", all.join(" "));
            }
            Err(_) => println!("{name}: none"),
        }
    }
    Ok(())
}

fn lookup_connect(to: &str) -> io::Result<()> {
    let mut stream = TcpStream::connect(to)?;
    stream.set_read_timeout(Some(Duration::from_secs(10))).ok();
    stream.write_all(b"by name\n")?;
    stream.shutdown(Shutdown::Write)?;
    let mut text = String::new();
    stream.read_to_string(&mut text)?;
    print!("{text}");
    Ok(())
}
