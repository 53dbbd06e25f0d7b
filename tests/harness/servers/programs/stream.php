<?php
// SPDX-License-Identifier: Apache-2.0
// A pre-forking HTTPS server on PHP's streams: it answers with the process that answered.
// usage: stream.php PORT CERTIFICATE-AND-KEY WORKERS [CA: verify peers]
[, $port, $pem, $workers] = $argv;
$options = ['local_cert' => $pem, 'verify_peer' => false, 'verify_peer_name' => false];
if (isset($argv[4])) {
    $options = ['cafile' => $argv[4], 'verify_peer' => true] + $options;
}
$context = stream_context_create(['ssl' => $options, 'socket' => ['backlog' => 128]]);
$listener = stream_socket_server("tcp://127.0.0.1:$port", $errno, $error,
    STREAM_SERVER_BIND | STREAM_SERVER_LISTEN, $context);
if (!$listener) {
    fwrite(STDERR, "$error\n");
    exit(1);
}

function answer($connection)
{
    stream_set_timeout($connection, 5);
    if (!stream_socket_enable_crypto($connection, true, STREAM_CRYPTO_METHOD_TLS_SERVER)) {
        return;
    }
    fread($connection, 4096);
    fwrite($connection, "HTTP/1.0 200 OK\r\n\r\n" . getmypid() . "\n");
}

function work($listener)
{
    while (true) {
        $connection = stream_socket_accept($listener, -1);
        if ($connection) {
            answer($connection);
            fclose($connection);
        }
    }
}

$children = [];
for ($i = 0; $i < $workers; $i++) {
    $pid = pcntl_fork();
    if ($pid === 0) {
        work($listener);
    }
    $children[] = $pid;
}
pcntl_async_signals(true);
pcntl_signal(SIGTERM, fn () => array_map(fn ($pid) => posix_kill($pid, SIGTERM), $children), false);
while (count($children) > 0) {
    $pid = pcntl_wait($status);
    $children = array_diff($children, [$pid]);
}
