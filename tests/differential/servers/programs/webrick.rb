# SPDX-License-Identifier: Apache-2.0
# HTTPS servers of WEBrick, one for each place. usage: webrick.rb PLACES WORKERS
require 'json'
require 'webrick'
require 'webrick/https'

MODES = {
  'none' => OpenSSL::SSL::VERIFY_NONE,
  'optional' => OpenSSL::SSL::VERIFY_PEER,
  'demand' => OpenSSL::SSL::VERIFY_PEER | OpenSSL::SSL::VERIFY_FAIL_IF_NO_PEER_CERT
}.freeze

def store(place)
  store = OpenSSL::X509::Store.new
  store.add_file(place['trust'])
  if place['crl']
    File.read(place['crl']).scan(/-----BEGIN.*?END X509 CRL-----/m) do |crl|
      store.add_crl(OpenSSL::X509::CRL.new(crl))
    end
    store.flags = OpenSSL::X509::V_FLAG_CRL_CHECK | OpenSSL::X509::V_FLAG_CRL_CHECK_ALL
  end
  store
end

def authorities(file)
  File.read(file).scan(/-----BEGIN.*?END CERTIFICATE-----/m).map do |text|
    OpenSSL::X509::Certificate.new(text)
  end
end

def options(place)
  found = {
    Port: place['port'], BindAddress: '127.0.0.1', SSLEnable: true,
    SSLCertificate: OpenSSL::X509::Certificate.new(File.read(place['cert'])),
    SSLPrivateKey: OpenSSL::PKey.read(File.read(place['key'])),
    SSLVerifyClient: MODES[place['verify']],
    Logger: WEBrick::Log.new(File::NULL), AccessLog: []
  }
  if place['trust']
    found[:SSLCertificateStore] = store(place)
    found[:SSLClientCA] = authorities(place['announce'])
    found[:SSLVerifyDepth] = place['depth']
  end
  found
end

servers = JSON.parse(File.read(ARGV[0])).map do |place|
  server = WEBrick::HTTPServer.new(**options(place))
  server.mount_proc('/') do |request, response|
    peer = request.client_cert ? request.client_cert.subject.to_s : 'nobody'
    response.body = "#{place['name']} #{peer}\n"
  end
  server
end
servers.map { |server| Thread.new { server.start } }.each(&:join)
