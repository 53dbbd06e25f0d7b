// SPDX-License-Identifier: Apache-2.0
// An HTTPS server: it answers with the process that answered. HUP renews its certificate, and so its SSL_CTX.
// With WORKERS in the environment that many processes share the port.
'use strict';
const cluster = require('cluster');
const fs = require('fs');
const https = require('https');
const [port, cert, key, ticketKeys] = process.argv.slice(2);

const identity = () => ({ cert: fs.readFileSync(cert), key: fs.readFileSync(key) });

function serve() {
    const server = https.createServer(identity(), (request, response) => {
        response.setHeader('Connection', 'close');
        response.end(process.pid + '\n');
    });
    process.on('SIGHUP', () => {
        server.setSecureContext(identity());
        fs.writeSync(1, 'renewed\n');
    });
    if (ticketKeys)
        server.setTicketKeys(fs.readFileSync(ticketKeys));
    server.listen(Number(port), '127.0.0.1', () => fs.writeSync(1, 'listening\n'));
}

const workers = Number(process.env.WORKERS || 0);
if (workers > 0 && cluster['isPrimary' in cluster ? 'isPrimary' : 'isMaster'])
    for (let i = 0; i < workers; i++)
        cluster.fork();
else
    serve();
