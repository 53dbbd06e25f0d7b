#!/usr/bin/perl
# SPDX-License-Identifier: Apache-2.0
# An HTTPS server with IO::Socket::SSL: a context for each place. usage: perl.pl PLACES WORKERS
use strict;
use warnings;
use IO::Select;
use IO::Socket::INET;
use IO::Socket::SSL;
use JSON::PP;

my ($file, $workers) = @ARGV;
open(my $in, '<', $file) or die "$file: $!";
my $places = decode_json(do { local $/; <$in> });

my %mode = (
    none     => SSL_VERIFY_NONE,
    optional => SSL_VERIFY_PEER,
    demand   => SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT,
);

sub context {
    my ($place) = @_;
    my %options = (
        SSL_server      => 1,
        SSL_cert_file   => $place->{cert},
        SSL_key_file    => $place->{key},
        SSL_verify_mode => $mode{$place->{verify}},
    );
    if ($place->{trust}) {
        $options{SSL_ca_file}        = $place->{trust};
        $options{SSL_client_ca_file} = $place->{announce};
    }
    if ($place->{crl}) {
        $options{SSL_check_crl} = 1;
        $options{SSL_crl_file}  = $place->{crl};
    }
    return IO::Socket::SSL::SSL_Context->new(%options) || die "context: $SSL_ERROR";
}

my (%of, $select);
$select = IO::Select->new;
for my $place (@$places) {
    my $listener = IO::Socket::INET->new(
        LocalAddr => '127.0.0.1', LocalPort => $place->{port}, Listen => 64, ReuseAddr => 1
    ) or die "port: $!";
    $listener->blocking($workers > 1 ? 0 : 1);
    $of{$listener} = [$place, context($place)];
    $select->add($listener);
}

sub answer {
    my ($connection, $place, $context) = @_;
    $connection->blocking(1);
    my $tls = IO::Socket::SSL->start_SSL(
        $connection, SSL_server => 1, SSL_reuse_ctx => $context, Timeout => 10
    ) or return;
    sysread($tls, my $request, 4096);
    my $peer = $tls->peer_certificate ? $tls->peer_certificate('cn') : 'nobody';
    print $tls "HTTP/1.0 200 OK\r\n\r\n$place->{name} $peer\n";
    $tls->close;
}

$SIG{PIPE} = 'IGNORE';
if ($workers > 1) {
    my $parent = 1;
    for (1 .. $workers) {
        $parent = fork or last;
    }
    sleep while $parent;
}
while (1) {
    for my $listener ($select->can_read) {
        my $connection = $listener->accept or next;
        answer($connection, @{$of{$listener}});
    }
}
