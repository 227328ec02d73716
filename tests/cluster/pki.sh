# Sourced by cluster: certificates of its own authority, and kubeconfigs, which
# are made once for each $dir.

# NAME SUBJECT EXTENSIONS: of the authority `ca`.
certify() {
  openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj "$2" \
    -keyout "$pki/$1.key" -out "$pki/$1.csr" &&
    openssl x509 -req -in "$pki/$1.csr" -CA "$pki/ca.crt" -CAkey "$pki/ca.key" -CAcreateserial \
      -days 30 -out "$pki/$1.crt" -extfile <(printf '%b\n' "$3")
}

make_certificates() {
  local server='extendedKeyUsage=serverAuth\nsubjectAltName=IP:127.0.0.1,DNS:localhost'
  local client='extendedKeyUsage=clientAuth'
  openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 30 -subj /CN=kgtest \
    -keyout "$pki/ca.key" -out "$pki/ca.crt" &&
    openssl genrsa -out "$pki/tokens.key" 2048 &&
    openssl rsa -in "$pki/tokens.key" -pubout -out "$pki/tokens.pub" &&
    certify apiserver /CN=kube-apiserver "$server" &&
    certify kubelet /CN=kubelet "$server" &&
    certify admin /O=system:masters/CN=admin "$client" &&
    certify kube-controller-manager /CN=system:kube-controller-manager "$client" &&
    certify kube-scheduler /CN=system:kube-scheduler "$client" &&
    certify node /O=system:nodes/CN=system:node:127.0.0.1 "$client"
}

# FILE NAME: whose certificate of that name.
kubeconfig() {
  jq -n --arg server "https://127.0.0.1:$port" --arg ca "$(base64 -w0 "$pki/ca.crt")" \
    --arg crt "$(base64 -w0 "$pki/$2.crt")" --arg key "$(base64 -w0 "$pki/$2.key")" '
    {apiVersion: "v1", kind: "Config", "current-context": "test",
     clusters: [{name: "test", cluster: {server: $server, "certificate-authority-data": $ca}}],
     users: [{name: "test", user: {"client-certificate-data": $crt, "client-key-data": $key}}],
     contexts: [{name: "test", context: {cluster: "test", user: "test"}}]}' >"$1" && chmod 600 "$1"
}

make_pki() {
  local name
  [ ! -s "$dir/kubeconfig" ] || return 0
  make_certificates >"$dir/log/openssl.log" 2>&1 || return
  for name in kube-controller-manager kube-scheduler node; do
    kubeconfig "$dir/conf/$name.kubeconfig" $name || return
  done
  kubeconfig "$dir/kubeconfig" admin
}
