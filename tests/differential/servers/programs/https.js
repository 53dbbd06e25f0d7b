// SPDX-License-Identifier: Apache-2.0
// HTTPS servers of Node, one for each port; with workers they run in a cluster, which shares ports.
// usage: https.js PLACES WORKERS
'use strict';
const cluster = require('cluster');
const fs = require('fs');
const https = require('https');
const [file, workers] = process.argv.slice(2);

const identity = (place) => ({
    cert: fs.readFileSync(place.cert),
    key: fs.readFileSync(place.key),
});

const optionsOf = (place) => ({
    ...identity(place),
    requestCert: place.verify !== 'none',
    rejectUnauthorized: place.verify === 'demand',
    ...(place.trust ? { ca: fs.readFileSync(place.trust) } : {}),
    ...(place.crl ? { crl: fs.readFileSync(place.crl) } : {}),
});

function answer(name, request, response) {
    const peer = request.socket.getPeerCertificate();
    const subject = peer && peer.subject ? peer.subject.CN : 'nobody';
    response.setHeader('Connection', 'close');
    response.end(`${name} ${request.socket.authorized} ${subject}\n`);
}

function serve() {
    const ports = new Map();
    for (const place of JSON.parse(fs.readFileSync(file))) {
        if (ports.has(place.port)) {
            ports.get(place.port).addContext(place.host, identity(place));
            continue;
        }
        const server = https.createServer(optionsOf(place), (request, response) =>
            answer(place.name, request, response));
        server.on('tlsClientError', () => {});
        server.listen(place.port, '127.0.0.1');
        ports.set(place.port, server);
    }
}

// Node 12 has the older name alone.
if (Number(workers) > 1 && (cluster.isPrimary || cluster.isMaster))
    for (let i = 0; i < Number(workers); i++)
        cluster.fork();
else
    serve();
