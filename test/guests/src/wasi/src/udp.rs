use crate::tcp::{family, own, port_of, until};
use crate::{outcome, say};
use wasip2::sockets::instance_network::instance_network;
use wasip2::sockets::network::{ErrorCode, IpAddressFamily, IpSocketAddress};
use wasip2::sockets::udp::{
    IncomingDatagramStream, OutgoingDatagram, OutgoingDatagramStream, UdpSocket,
};
use wasip2::sockets::udp_create_socket::create_udp_socket;

fn bound(family: IpAddressFamily) -> UdpSocket {
    let socket = create_udp_socket(family).unwrap();
    socket
        .start_bind(&instance_network(), own(family, 0))
        .unwrap();
    until(&socket.subscribe(), || socket.finish_bind()).unwrap();
    socket
}

fn send(
    stream: &OutgoingDatagramStream,
    text: &str,
    to: Option<IpSocketAddress>,
) -> Result<u64, ErrorCode> {
    stream.subscribe().block();
    stream.check_send()?;
    stream.send(&[OutgoingDatagram {
        data: text.as_bytes().to_vec(),
        remote_address: to,
    }])
}

fn receive(stream: &IncomingDatagramStream) -> Vec<(String, u16)> {
    stream.subscribe().block();
    let datagrams = stream.receive(10).unwrap();
    datagrams
        .into_iter()
        .map(|d| {
            (
                String::from_utf8(d.data).unwrap(),
                port_of(d.remote_address),
            )
        })
        .collect()
}

pub fn udp(which: &str) {
    let family = family(which);
    let network = instance_network();
    let socket = create_udp_socket(family).unwrap();
    say!("create-udp-socket {:?}", socket.address_family());
    say!("udp-socket.address-family {:?}", socket.address_family());
    say!(
        "udp-socket.finish-bind early {}",
        outcome(socket.finish_bind())
    );
    say!(
        "udp-socket.local-address early {}",
        outcome(socket.local_address())
    );
    say!(
        "udp-socket.remote-address early {}",
        outcome(socket.remote_address())
    );
    say!("udp-socket.stream early {}", outcome(socket.stream(None)));
    let other = if which == "ipv4" {
        IpAddressFamily::Ipv6
    } else {
        IpAddressFamily::Ipv4
    };
    say!(
        "udp-socket.start-bind family {}",
        outcome(socket.start_bind(&network, own(other, 0)))
    );
    say!(
        "udp-socket.start-bind {}",
        outcome(socket.start_bind(&network, own(family, 0)))
    );
    say!(
        "udp-socket.finish-bind {}",
        outcome(until(&socket.subscribe(), || socket.finish_bind()))
    );
    say!("udp-socket.subscribe {}", socket.subscribe().ready());
    say!(
        "udp-socket.start-bind again {}",
        outcome(socket.start_bind(&network, own(family, 0)))
    );
    let port = port_of(socket.local_address().unwrap());
    say!("udp-socket.local-address {}", port != 0);
    let server = bound(family);
    let server_port = port_of(server.local_address().unwrap());
    {
        let (incoming, outgoing) = socket.stream(None).unwrap();
        let (heard, answers) = server.stream(None).unwrap();
        say!(
            "incoming-datagram-stream.receive none {}",
            incoming.receive(10).unwrap().len()
        );
        say!(
            "incoming-datagram-stream.subscribe {}",
            incoming.subscribe().ready()
        );
        say!(
            "outgoing-datagram-stream.subscribe {}",
            outgoing.subscribe().ready()
        );
        say!(
            "outgoing-datagram-stream.check-send {}",
            outgoing.check_send().unwrap() > 0
        );
        say!(
            "outgoing-datagram-stream.send none {:?}",
            outgoing.send(&[])
        );
        say!(
            "outgoing-datagram-stream.send {:?}",
            send(&outgoing, "to the server", Some(own(family, server_port)))
        );
        for (text, from) in receive(&heard) {
            say!("incoming-datagram-stream.receive {text} {}", from == port);
        }
        say!(
            "outgoing-datagram-stream.send answer {:?}",
            send(&answers, "to the client", Some(own(family, port)))
        );
        for (text, from) in receive(&incoming) {
            say!(
                "incoming-datagram-stream.receive {text} {}",
                from == server_port
            );
        }
        say!(
            "outgoing-datagram-stream.send nowhere {:?}",
            send(&outgoing, "x", None)
        );
        say!(
            "outgoing-datagram-stream.send port 0 {:?}",
            send(&outgoing, "x", Some(own(family, 0)))
        );
        say!(
            "outgoing-datagram-stream.send family {:?}",
            send(&outgoing, "x", Some(own(other, server_port)))
        );
        say!(
            "outgoing-datagram-stream.send empty {:?}",
            send(&outgoing, "", Some(own(family, server_port)))
        );
        say!(
            "incoming-datagram-stream.receive empty {}",
            receive(&heard).len()
        );
        let large = "l".repeat(70_000);
        say!(
            "outgoing-datagram-stream.send large {:?}",
            send(&outgoing, &large, Some(own(family, server_port)))
        );
    }
    let socket = bound(family);
    let connected = socket.stream(Some(own(family, server_port)));
    say!(
        "udp-socket.stream connected {}",
        outcome(connected.as_ref().map_err(|e| *e))
    );
    let (_, outgoing) = connected.unwrap();
    say!(
        "udp-socket.remote-address {}",
        port_of(socket.remote_address().unwrap()) == server_port
    );
    say!(
        "outgoing-datagram-stream.send to whom it is connected {:?}",
        send(&outgoing, "x", None)
    );
    say!(
        "outgoing-datagram-stream.send the same {:?}",
        send(&outgoing, "x", Some(own(family, server_port)))
    );
    say!(
        "outgoing-datagram-stream.send to another {:?}",
        send(&outgoing, "x", Some(own(family, port)))
    );
    drop(outgoing);
    let fresh = bound(family);
    say!(
        "udp-socket.stream port 0 {}",
        outcome(fresh.stream(Some(own(family, 0))))
    );
    say!(
        "udp-socket.stream family {}",
        outcome(fresh.stream(Some(own(other, 1))))
    );
}

pub fn options() {
    let socket = create_udp_socket(IpAddressFamily::Ipv4).unwrap();
    say!(
        "udp-socket.set-unicast-hop-limit 0 {}",
        outcome(socket.set_unicast_hop_limit(0))
    );
    say!(
        "udp-socket.set-unicast-hop-limit {}",
        outcome(socket.set_unicast_hop_limit(42))
    );
    say!(
        "udp-socket.unicast-hop-limit {:?}",
        socket.unicast_hop_limit()
    );
    say!(
        "udp-socket.set-receive-buffer-size 0 {}",
        outcome(socket.set_receive_buffer_size(0))
    );
    say!(
        "udp-socket.set-receive-buffer-size {}",
        outcome(socket.set_receive_buffer_size(65_536))
    );
    say!(
        "udp-socket.receive-buffer-size {:?}",
        socket.receive_buffer_size()
    );
    say!(
        "udp-socket.set-send-buffer-size 0 {}",
        outcome(socket.set_send_buffer_size(0))
    );
    say!(
        "udp-socket.set-send-buffer-size {}",
        outcome(socket.set_send_buffer_size(65_536))
    );
    say!(
        "udp-socket.send-buffer-size {:?}",
        socket.send_buffer_size()
    );
}
