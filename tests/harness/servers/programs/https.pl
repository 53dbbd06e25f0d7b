# SPDX-License-Identifier: Apache-2.0
# An HTTPS server of Perl's IO::Socket::SSL with a session-id context of its own process, as bind9 and MariaDB have it.
#
# usage: https.pl PORT PEM, a file with certificate and key
use strict;
use warnings;
use IO::Socket::SSL;

my ($port, $pem) = @ARGV;
my $listener = IO::Socket::SSL->new(
    LocalAddr => "127.0.0.1",
    LocalPort => $port,
    Listen => 128,
    ReuseAddr => 1,
    SSL_server => 1,
    SSL_session_id_context => "process $$",
    SSL_cert_file => $pem,
    SSL_key_file => $pem,
) or die "$SSL_ERROR\n";

while (1) {
    my $connection = $listener->accept or next;
    $connection->sysread(my $request, 4096);
    my $body = "$$\n";
    $connection->print("HTTP/1.0 200 OK\r\nContent-Length: " . length($body) . "\r\n\r\n$body");
    $connection->close;
}
