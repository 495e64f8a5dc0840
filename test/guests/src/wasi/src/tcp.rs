use crate::{outcome, say};
use wasip2::io::poll::Pollable;
use wasip2::io::streams::{InputStream, OutputStream, StreamError};
use wasip2::sockets::instance_network::instance_network;
use wasip2::sockets::ip_name_lookup::resolve_addresses;
use wasip2::sockets::network::{
    ErrorCode, IpAddressFamily, IpSocketAddress, Ipv4SocketAddress, Ipv6SocketAddress,
};
use wasip2::sockets::tcp::{ShutdownType, TcpSocket};
use wasip2::sockets::tcp_create_socket::create_tcp_socket;

pub fn family(name: &str) -> IpAddressFamily {
    if name == "ipv4" {
        IpAddressFamily::Ipv4
    } else {
        IpAddressFamily::Ipv6
    }
}

/// This machine, as itself.
pub fn own(family: IpAddressFamily, port: u16) -> IpSocketAddress {
    match family {
        IpAddressFamily::Ipv4 => IpSocketAddress::Ipv4(Ipv4SocketAddress {
            port,
            address: (127, 0, 0, 1),
        }),
        IpAddressFamily::Ipv6 => IpSocketAddress::Ipv6(Ipv6SocketAddress {
            port,
            flow_info: 0,
            address: (0, 0, 0, 0, 0, 0, 0, 1),
            scope_id: 0,
        }),
    }
}

pub fn port_of(address: IpSocketAddress) -> u16 {
    match address {
        IpSocketAddress::Ipv4(v4) => v4.port,
        IpSocketAddress::Ipv6(v6) => v6.port,
    }
}

/// Asks until the answer is there.
pub fn until<T>(ready: &Pollable, ask: impl Fn() -> Result<T, ErrorCode>) -> Result<T, ErrorCode> {
    loop {
        match ask() {
            Err(ErrorCode::WouldBlock) => ready.block(),
            other => return other,
        }
    }
}

fn read_all(stream: &InputStream) -> String {
    let mut all = vec![];
    loop {
        match stream.blocking_read(100) {
            Ok(bytes) => all.extend(bytes),
            Err(StreamError::Closed) => return String::from_utf8(all).unwrap(),
            Err(StreamError::LastOperationFailed(_)) => return "failed".to_string(),
        }
    }
}

fn connect(
    socket: &TcpSocket,
    address: IpSocketAddress,
) -> Result<(InputStream, OutputStream), ErrorCode> {
    socket.start_connect(&instance_network(), address)?;
    until(&socket.subscribe(), || socket.finish_connect())
}

pub fn tcp(which: &str) {
    let family = family(which);
    let network = instance_network();
    say!(
        "instance-network {}",
        network.handle() != instance_network().handle()
    );
    let server = create_tcp_socket(family).unwrap();
    say!("tcp-socket.address-family {:?}", server.address_family());
    say!("create-tcp-socket {:?}", server.address_family());
    say!(
        "tcp-socket.finish-bind early {}",
        outcome(server.finish_bind())
    );
    say!(
        "tcp-socket.start-listen early {}",
        outcome(server.start_listen())
    );
    say!(
        "tcp-socket.local-address early {}",
        outcome(server.local_address())
    );
    say!("tcp-socket.accept early {}", outcome(server.accept()));
    say!(
        "tcp-socket.start-bind {}",
        outcome(server.start_bind(&network, own(family, 0)))
    );
    let ready = server.subscribe();
    say!(
        "tcp-socket.finish-bind {}",
        outcome(until(&ready, || server.finish_bind()))
    );
    say!(
        "tcp-socket.start-bind again {}",
        outcome(server.start_bind(&network, own(family, 0)))
    );
    let port = port_of(server.local_address().unwrap());
    say!("tcp-socket.local-address {}", port != 0);
    say!(
        "tcp-socket.remote-address early {}",
        outcome(server.remote_address())
    );
    say!("tcp-socket.is-listening {}", server.is_listening());
    say!(
        "tcp-socket.finish-listen early {}",
        outcome(server.finish_listen())
    );
    say!("tcp-socket.start-listen {}", outcome(server.start_listen()));
    say!(
        "tcp-socket.finish-listen {}",
        outcome(until(&ready, || server.finish_listen()))
    );
    say!("tcp-socket.is-listening {}", server.is_listening());
    say!("tcp-socket.accept nobody {}", outcome(server.accept()));
    say!("tcp-socket.subscribe {}", ready.ready());
    say!(
        "tcp-socket.start-connect listening {}",
        outcome(server.start_connect(&network, own(family, port)))
    );
    say!(
        "tcp-socket.shutdown listening {}",
        outcome(server.shutdown(ShutdownType::Both))
    );
    talk(family, &server, port);
    let refused = create_tcp_socket(family).unwrap();
    let closed = create_tcp_socket(family).unwrap();
    closed.start_bind(&network, own(family, 0)).unwrap();
    until(&closed.subscribe(), || closed.finish_bind()).unwrap();
    let nobody = port_of(closed.local_address().unwrap());
    drop(closed);
    say!(
        "tcp-socket.finish-connect refused {}",
        outcome(connect(&refused, own(family, nobody)))
    );
    say!(
        "tcp-socket.start-connect again {}",
        outcome(refused.start_connect(&network, own(family, port)))
    );
    say!(
        "tcp-socket.start-listen failed {}",
        outcome(refused.start_listen())
    );
    let invalid = create_tcp_socket(family).unwrap();
    say!(
        "tcp-socket.start-connect port 0 {}",
        outcome(invalid.start_connect(&network, own(family, 0)))
    );
    let fresh = create_tcp_socket(family).unwrap();
    say!(
        "tcp-socket.finish-connect early {}",
        outcome(fresh.finish_connect())
    );
    say!(
        "tcp-socket.shutdown early {}",
        outcome(fresh.shutdown(ShutdownType::Send))
    );
    let other = if which == "ipv4" {
        IpAddressFamily::Ipv6
    } else {
        IpAddressFamily::Ipv4
    };
    say!(
        "tcp-socket.start-connect family {}",
        outcome(fresh.start_connect(&network, own(other, port)))
    );
    let taken = create_tcp_socket(family).unwrap();
    let bound = taken
        .start_bind(&network, own(family, port))
        .and_then(|()| until(&taken.subscribe(), || taken.finish_bind()));
    say!("tcp-socket.finish-bind taken {}", outcome(bound));
    let wrong = create_tcp_socket(family).unwrap();
    say!(
        "tcp-socket.start-bind family {}",
        outcome(wrong.start_bind(&network, own(other, 0)))
    );
}

fn talk(family: IpAddressFamily, server: &TcpSocket, port: u16) {
    let client = create_tcp_socket(family).unwrap();
    let (from_server, to_server) = connect(&client, own(family, port)).unwrap();
    say!("tcp-socket.finish-connect ok");
    let (peer, from_client, to_client) = until(&server.subscribe(), || server.accept()).unwrap();
    say!(
        "tcp-socket.accept {:?} {}",
        peer.address_family(),
        peer.is_listening()
    );
    let ports = (
        port_of(client.local_address().unwrap()),
        port_of(peer.remote_address().unwrap()),
    );
    say!("tcp-socket.remote-address {}", ports.0 == ports.1);
    say!(
        "tcp-socket.local-address accepted {}",
        port_of(peer.local_address().unwrap()) == port
    );
    say!(
        "tcp-socket.start-bind connected {}",
        outcome(client.start_bind(&instance_network(), own(family, 0)))
    );
    say!(
        "tcp-socket.start-listen connected {}",
        outcome(client.start_listen())
    );
    say!("tcp-socket.accept connected {}", outcome(client.accept()));
    say!(
        "tcp-socket.finish-connect again {}",
        outcome(client.finish_connect())
    );
    crate::write(&to_server, b"to the server");
    say!(
        "tcp-socket.shutdown send {}",
        outcome(client.shutdown(ShutdownType::Send))
    );
    say!(
        "input-stream.blocking-read server {}",
        read_all(&from_client)
    );
    say!(
        "output-stream.check-write shut {}",
        crate::io::closed(&to_server.check_write())
    );
    crate::write(&to_client, b"to the client");
    drop(to_client);
    drop(from_client);
    drop(peer);
    say!(
        "input-stream.blocking-read client {}",
        read_all(&from_server)
    );
    say!(
        "tcp-socket.shutdown receive {}",
        outcome(client.shutdown(ShutdownType::Receive))
    );
}

/// Each option as it is at first where every system agrees, what it takes, and what it refuses.
pub fn options() {
    let socket = create_tcp_socket(IpAddressFamily::Ipv4).unwrap();
    say!(
        "tcp-socket.keep-alive-enabled {:?}",
        socket.keep_alive_enabled()
    );
    say!(
        "tcp-socket.set-keep-alive-enabled {}",
        outcome(socket.set_keep_alive_enabled(true))
    );
    say!(
        "tcp-socket.keep-alive-enabled {:?}",
        socket.keep_alive_enabled()
    );
    say!(
        "tcp-socket.set-keep-alive-idle-time 0 {}",
        outcome(socket.set_keep_alive_idle_time(0))
    );
    say!(
        "tcp-socket.set-keep-alive-idle-time {}",
        outcome(socket.set_keep_alive_idle_time(5_000_000_000))
    );
    say!(
        "tcp-socket.keep-alive-idle-time {:?}",
        socket.keep_alive_idle_time()
    );
    say!(
        "tcp-socket.set-keep-alive-idle-time 1 {}",
        outcome(socket.set_keep_alive_idle_time(1))
    );
    say!(
        "tcp-socket.keep-alive-idle-time {:?}",
        socket.keep_alive_idle_time()
    );
    say!(
        "tcp-socket.set-keep-alive-interval 0 {}",
        outcome(socket.set_keep_alive_interval(0))
    );
    say!(
        "tcp-socket.set-keep-alive-interval {}",
        outcome(socket.set_keep_alive_interval(7_000_000_000))
    );
    say!(
        "tcp-socket.keep-alive-interval {:?}",
        socket.keep_alive_interval()
    );
    say!(
        "tcp-socket.set-keep-alive-count 0 {}",
        outcome(socket.set_keep_alive_count(0))
    );
    say!(
        "tcp-socket.set-keep-alive-count {}",
        outcome(socket.set_keep_alive_count(9))
    );
    say!(
        "tcp-socket.keep-alive-count {:?}",
        socket.keep_alive_count()
    );
    say!(
        "tcp-socket.set-hop-limit 0 {}",
        outcome(socket.set_hop_limit(0))
    );
    say!(
        "tcp-socket.set-hop-limit {}",
        outcome(socket.set_hop_limit(42))
    );
    say!("tcp-socket.hop-limit {:?}", socket.hop_limit());
    say!(
        "tcp-socket.set-receive-buffer-size 0 {}",
        outcome(socket.set_receive_buffer_size(0))
    );
    say!(
        "tcp-socket.set-receive-buffer-size {}",
        outcome(socket.set_receive_buffer_size(65_536))
    );
    say!(
        "tcp-socket.receive-buffer-size {:?}",
        socket.receive_buffer_size()
    );
    say!(
        "tcp-socket.set-send-buffer-size 0 {}",
        outcome(socket.set_send_buffer_size(0))
    );
    say!(
        "tcp-socket.set-send-buffer-size {}",
        outcome(socket.set_send_buffer_size(65_536))
    );
    say!(
        "tcp-socket.send-buffer-size {:?}",
        socket.send_buffer_size()
    );
    say!(
        "tcp-socket.set-listen-backlog-size 0 {}",
        outcome(socket.set_listen_backlog_size(0))
    );
    say!(
        "tcp-socket.set-listen-backlog-size {}",
        outcome(socket.set_listen_backlog_size(64))
    );
}

pub fn names() {
    let network = instance_network();
    for name in [
        "localhost",
        "127.0.0.1",
        "::1",
        "no such name",
        "",
        "absent.invalid",
        "http://localhost/",
        "localhost:80",
    ] {
        let first = resolve_addresses(&network, name).and_then(|stream| {
            let ready = stream.subscribe();
            ready.block();
            say!("resolve-address-stream.subscribe {}", ready.ready());
            let first = until(&ready, || stream.resolve_next_address())?;
            drop(ready);
            while until(&stream.subscribe(), || stream.resolve_next_address())?.is_some() {}
            say!(
                "resolve-address-stream.resolve-next-address end {:?}",
                stream.resolve_next_address()
            );
            Ok(first)
        });
        match name {
            // Which of its addresses comes first is the system's affair.
            "localhost" => say!("resolve-addresses {name} {}", outcome(first)),
            _ => say!("resolve-addresses {name:?} {first:?}"),
        }
    }
}
