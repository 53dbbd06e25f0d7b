// SPDX-License-Identifier: Apache-2.0
// An HTTPS server: it answers with the process that answered. HUP renews its certificate, and so its SSL_CTX.
'use strict';
const fs = require('fs');
const https = require('https');
const [port, cert, key, ticketKeys] = process.argv.slice(2);

const identity = () => ({ cert: fs.readFileSync(cert), key: fs.readFileSync(key) });
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
server.listen(Number(port), '127.0.0.1');
