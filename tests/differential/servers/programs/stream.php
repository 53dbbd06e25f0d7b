<?php
// SPDX-License-Identifier: Apache-2.0
// An HTTPS server on PHP's streams: PHP makes a new SSL_CTX for every connection.
// usage: stream.php PLACES WORKERS
[, $file, $workers] = $argv;
$listeners = [];
$of = [];
foreach (json_decode(file_get_contents($file), true) as $place) {
    $options = ['local_cert' => $place['both'], 'verify_peer' => false, 'verify_peer_name' => false];
    if ($place['trust']) {
        $options = ['cafile' => $place['trust'], 'verify_peer' => true, 'capture_peer_cert' => true,
            'verify_depth' => $place['depth']] + $options;
    }
    $context = stream_context_create(['ssl' => $options, 'socket' => ['backlog' => 64]]);
    $listener = stream_socket_server("tcp://127.0.0.1:{$place['port']}", $errno, $error,
        STREAM_SERVER_BIND | STREAM_SERVER_LISTEN, $context);
    if (!$listener) {
        fwrite(STDERR, "$error\n");
        exit(1);
    }
    $listeners[] = $listener;
    $of[(int) $listener] = $place['name'];
}

function answer($connection, $name)
{
    stream_set_timeout($connection, 10);
    if (!@stream_socket_enable_crypto($connection, true, STREAM_CRYPTO_METHOD_TLS_SERVER)) {
        return;
    }
    fread($connection, 4096);
    $options = stream_context_get_options($connection)['ssl'];
    $peer = 'nobody';
    if (isset($options['peer_certificate'])) {
        $peer = openssl_x509_parse($options['peer_certificate'])['subject']['CN'];
    }
    fwrite($connection, "HTTP/1.0 200 OK\r\n\r\n$name $peer\n");
}

function work($listeners, $of)
{
    while (true) {
        $ready = $listeners;
        $none = null;
        if (!stream_select($ready, $none, $none, null)) {
            continue;
        }
        foreach ($ready as $listener) {
            $connection = @stream_socket_accept($listener, 0);
            if ($connection) {
                answer($connection, $of[(int) $listener]);
                fclose($connection);
            }
        }
    }
}

for ($i = 0; $workers > 1 && $i < $workers; $i++) {
    if (pcntl_fork() === 0) {
        work($listeners, $of);
    }
}
while ($workers > 1) {
    sleep(60);
}
work($listeners, $of);
