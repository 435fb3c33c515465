//! A listener whose connections can be broken from inside a request, and which closes while its server is down.

use crate::simulator::{Server, Simulator};
use axum::extract::connect_info::Connected;
use axum::serve::{IncomingStream, Listener};
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::timeout;

/// How often the door looks whether its server is down or up again.
const LOOK: Duration = Duration::from_millis(20);

/// How a connection ends before its answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum End {
    /// In order, as a proxy ends one it has given up.
    Closed,
    /// By RST, as a host ends one it knows nothing of.
    Reset,
}

/// The handle a request holds on its own connection.
#[derive(Debug, Clone)]
pub(super) struct Line(Arc<AtomicU8>);

impl Line {
    /// Breaks the connection: nothing of the answer is sent.
    pub(super) fn cut(&self, end: End) {
        let mark = match end {
            End::Closed => 1,
            End::Reset => 2,
        };
        self.0.store(mark, Ordering::SeqCst);
    }

    fn end(&self) -> Option<End> {
        match self.0.load(Ordering::SeqCst) {
            0 => None,
            1 => Some(End::Closed),
            _ => Some(End::Reset),
        }
    }
}

impl Connected<IncomingStream<'_, Door>> for Line {
    fn connect_info(stream: IncomingStream<'_, Door>) -> Line {
        stream.io().line.clone()
    }
}

/// A connection that can be broken.
#[derive(Debug)]
pub(super) struct Breakable {
    stream: TcpStream,
    line: Line,
}

impl Breakable {
    fn check(&self) -> io::Result<()> {
        let Some(end) = self.line.end() else {
            return Ok(());
        };
        if end == End::Reset {
            self.stream.set_zero_linger()?;
        }
        Err(io::Error::from(io::ErrorKind::ConnectionReset))
    }
}

impl AsyncRead for Breakable {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        self.check()?;
        Pin::new(&mut self.stream).poll_read(context, buffer)
    }
}

impl AsyncWrite for Breakable {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.check()?;
        Pin::new(&mut self.stream).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.check()?;
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}

/// One server's listener.
pub(super) struct Door {
    listener: Option<TcpListener>,
    address: SocketAddr,
    server: Server,
    simulator: Arc<Mutex<Simulator>>,
}

impl Door {
    pub(super) fn new(
        listener: TcpListener,
        address: SocketAddr,
        server: Server,
        simulator: Arc<Mutex<Simulator>>,
    ) -> Door {
        Door {
            listener: Some(listener),
            address,
            server,
            simulator,
        }
    }

    fn is_down(&self) -> bool {
        let simulator = self
            .simulator
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        simulator.faults.is_down(self.server)
    }

    // Closing the listener is what makes the host refuse; the same address is taken again afterwards.
    async fn follow(&mut self) {
        if self.is_down() {
            self.listener = None;
        } else if self.listener.is_none() {
            self.listener = TcpListener::bind(self.address).await.ok();
        }
        if self.listener.is_none() {
            let _ = timeout(LOOK, std::future::pending::<()>()).await;
        }
    }
}

impl Listener for Door {
    type Io = Breakable;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Breakable, SocketAddr) {
        loop {
            self.follow().await;
            let Some(listener) = &self.listener else {
                continue;
            };
            if let Ok(Ok((stream, peer))) = timeout(LOOK, listener.accept()).await {
                let line = Line(Arc::new(AtomicU8::new(0)));
                return (Breakable { stream, line }, peer);
            }
        }
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        Ok(self.address)
    }
}
