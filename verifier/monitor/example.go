package monitor

// Example is a whole configuration, for documentation.
const Example = `state: /var/lib/pledge-monitor        # where it came to, its queues, bundles; one monitor at a time
interval: 5m                          # from the end of a cycle to the next
metrics: /var/lib/node-exporter/pledgelog.prom
heartbeat:
  url_file: heartbeat-url             # asked after each whole cycle; url: if it is not secret
  method: post
logs:
  - name: accord                      # how alarms call it
    policy: policy.txt
    charter: 5f2d0c6b1a9e4837265f2d0c6b1a9e4837265f2d0c6b1a9e4837265f2d0c6b1a
    log: https://log.accord.example/2026
    witnesses:                        # monitoring prefixes: <url>/<SHA-256 of the origin>/checkpoint is read
      - {name: north, url: "https://witness.north.example/monitoring"}
      - {name: south, url: "https://witness.south.example"}
      - {name: auditor, url: "https://witness.east.example", audits: true}    # its audit.json is read too
    mirrors:                          # what "pledge-verify audit" reads: an address or a directory
      - {name: library, url: "https://mirror.library.example/accord"}    # key: where it cosigns
    behind_after: 1h                  # how long the log may show less than its key signed
    stale_after: 1h                   # the default where the policy wants a quorum, as such a log is cosigned anew every five minutes; else any age
    slow_after: 10s
    certificate_before: 336h
    patience: 10m                     # how long infrastructure has to be wrong before that is an alarm; default: twice the interval
    timeout: 1h                       # of a cycle
    history: false                    # true: rules look at what was logged before the first cycle too
    rules:
      - {name: in-our-name, authors: [acme]}
      - {name: about-us, about: [acme]}
      - {name: backdoors, kinds: [request], assist: [backdoor, update-channel]}
      - {name: complied, kinds: [decision], outcomes: [complied, partly-complied]}
      - {name: our-product, words: ["Acme Router", "acmeOS"]}
      - {name: late, findings: [attestation-missed, reply-overdue], authors: [acme]}
sinks:
  - type: stdout                      # JSON lines
  - type: webhook
    url_env: PLEDGE_WEBHOOK
    secret_file: webhook-secret
    classes: [misbehaviour, interest]
    evidence_url: https://watch.example/evidence/    # what "evidence" is published as: the alarm has evidenceUrl
  - type: smtp
    server: mail.watch.example:587    # STARTTLS, always
    from: monitor@watch.example
    to: [desk@watch.example]
    user: monitor
    password_file: mail-password
    classes: [misbehaviour]
  - type: atom
    file: /srv/www/alarms.atom
    link: https://watch.example/alarms.atom
    evidence_url: https://watch.example/evidence/
`
