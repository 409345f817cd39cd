package lint

import (
	"net/netip"
	"strings"
	"unicode"
)

// What follows finds what names machines and what is wrong with them: e-mail and IP
// addresses, hosts, vulnerabilities. Also forms that were made unlike an address on
// purpose, such as name[at]host[dot]example.

const dotForm = `(?:\.|\s?\[\s?(?:\.|dot)\s?\]\s?|\s?\(\s?(?:\.|dot)\s?\)\s?|\s?\{\s?(?:\.|dot)\s?\}\s?)`

var emailForms = expressions(
	`(?i)[\p{L}\p{N}][\p{L}\p{N}._%+'-]*(?:[@＠]|\s?[\[({<]\s?(?:at|@)\s?[\])}>]\s?)[\p{L}\p{N}][\p{L}\p{N}-]*(?:`+dotForm+`[\p{L}\p{N}-]+)*`,
	`(?i)\b[a-z0-9._%+-]+ (?:at|arroba) [a-z0-9-]+(?: (?:dot|punto) [a-z0-9-]+)+\b`,
)

// emails finds addresses of mail and of chat.
func emails(s *source) []span { return s.all(emailForms()...) }

var (
	ipv4Form  = expression(`(?i)\d{1,3}(?:(?:\.|\s?\[\s?(?:\.|dot)\s?\]\s?|\s?\(\s?(?:\.|dot)\s?\)\s?|\sdot\s)\d{1,3}){3}(?:/\d{1,2})?`)
	ipv4Dots  = expression(`[^0-9/]+`)
	portForm  = expression(`^:\d{1,5}\b`)
	ipv4Range = expression(`\b\d{1,3}\.\d{1,3}\.(?:\d{1,3}|[xX*])\.[xX*]+`)
	ipv6Form  = expression(`[0-9A-Fa-f]{0,4}(?::[0-9A-Fa-f]{0,4}){2,7}(?:(?:\.\d{1,3}){3})?(?:/\d{1,3})?`)
	notAnIP   = expression(`(?i)(?:\bversions?|\bv|\breleases?|\bfirmware|\bbuild|§|\bsections?|\bclauses?|\bart(?:icle)?s?\.?)\s*$`)
)

// addresses finds IP addresses and prefixes.
func addresses(s *source) []span {
	var out []span
	for _, at := range s.find(ipv4Form()) {
		addr, _, _ := strings.Cut(ipv4Dots().ReplaceAllString(s.text[at.start:at.end], "."), "/")
		alone := s.alone(at) || portForm().MatchString(s.text[at.end:min(at.end+7, len(s.text))])
		if _, err := netip.ParseAddr(addr); err == nil && alone && !notAnIP().MatchString(s.before(at)) {
			out = append(out, at)
		}
	}
	for _, at := range s.find(ipv4Range()) {
		if s.alone(at) {
			out = append(out, at)
		}
	}
	for _, at := range s.find(ipv6Form()) {
		addr, _, _ := strings.Cut(s.text[at.start:at.end], "/")
		if ip, err := netip.ParseAddr(addr); err == nil && ip.Is6() && len(addr) > 2 && s.alone(at) {
			out = append(out, at)
		}
	}
	return out
}

var vulnerabilityForms = expressions(
	`(?i)\bCVE[\s\p{Pd}_#:]*(?:19|20)\d\d[\s\p{Pd}_]*(?:\d{3,7}\b|[x?]{3,7})`,
	`(?i)\bGHSA(?:-[0-9a-z]{4}){3}\b`,
	`(?i)\b(?:EUVD|CNVD|CNNVD|JVNDB|JVN|ZDI|ZDI-CAN|GSD|OSV|RHSA|DSA|BDU)[\s:-](?:CAN-)?\d[\d:-]{3,}\d\b`,
	`\bVU#\s?\d{4,7}\b`,
	`\bMS[01]\d-\d{3}\b`,
)

// vulnerabilities finds identifiers of vulnerabilities.
func vulnerabilities(s *source) []span { return s.all(vulnerabilityForms()...) }

var (
	uncForm   = expression(`\\\\[\p{L}\p{N}._-]*[\p{L}\p{N}](?:\\[\p{L}\p{N}$._-]*[\p{L}\p{N}$])*`)
	hostForm  = expression(`[\p{L}\p{N}_-]+(?:` + dotForm + `[\p{L}\p{N}_-]+)+`)
	labelForm = expression(`[A-Za-z0-9]+(?:[_-][A-Za-z0-9]+)*`)
	redotted  = expression(dotForm)
)

// hosts finds names of machines that only their owner's network knows, or only its
// staff: by their last label, or by a label that says what a machine is for.
func hosts(s *source) []span {
	out := s.find(uncForm())
	for _, at := range s.find(hostForm()) {
		labels := strings.Split(strings.ToLower(redotted().ReplaceAllString(s.text[at.start:at.end], ".")), ".")
		if isInternalName(labels) {
			out = append(out, at)
		}
	}
	for _, at := range s.find(labelForm()) {
		if isMachineLabel(strings.ToLower(s.text[at.start:at.end])) && s.alone(at) {
			out = append(out, at)
		}
	}
	return out
}

// isInternalName reports whether the labels of a dotted name, in lower case, are
// those of an internal machine.
func isInternalName(labels []string) bool {
	n := len(labels)
	top := labels[n-1]
	if internalTops.has(top) || n > 2 && top == "arpa" && labels[n-2] == "home" {
		return true
	}
	if len(top) < 2 || fileEndings.has(top) || strings.ContainsFunc(top, func(r rune) bool { return !unicode.IsLetter(r) }) {
		return false
	}
	for _, label := range labels[:max(n-2, 1)] {
		if isMachineLabel(label) {
			return true
		}
		if n > 2 {
			for _, part := range splitLabel(label) {
				if machineWords.has(part) && !publicWords.has(part) {
					return true
				}
			}
		}
	}
	return false
}

// isMachineLabel reports whether a label, in lower case, says what a machine is for
// and which of several it is: srv-db01, dc02, nyc-fw-2, ip-10-0-0-12.
func isMachineLabel(label string) bool {
	parts, digits := splitLabel(label), 0
	for _, r := range label {
		if r >= '0' && r <= '9' {
			digits++
		}
	}
	if digits == 0 || len(label) > 63 {
		return false
	}
	if parts[0] == "ip" && len(parts) >= 4 || (parts[0] == "desktop" || parts[0] == "laptop") && len(parts) > 1 {
		return true
	}
	if digits < 2 && len(parts) < 2 {
		return false // db2, web3
	}
	for _, part := range parts {
		if word := strings.TrimRight(part, "0123456789"); machineWords.has(word) {
			return len(parts) > 1 || len(part) > len(word)
		}
	}
	return false
}

func splitLabel(label string) []string {
	return strings.FieldsFunc(label, func(r rune) bool { return r == '-' || r == '_' })
}

var (
	internalTops = set(`local localdomain internal intern intranet intra lan corp private priv localnet domain ad grp loc`)
	fileEndings  = set(`pdf doc docx xls xlsx ppt pptx txt csv json yaml yml xml html htm md zip tar gz exe dll so sh js ts py go rs
		java class jar png jpg jpeg gif svg log cfg conf ini key pem crt cer p12 asc sig eml msg odt ods iso img bin`)
	// machineWords are what parts of a machine's name say that it is for.
	machineWords = set(`srv server svr serv db sql mysql mssql postgres pg oracle redis kafka elastic es dc adfs ldap dns dhcp ntp radius tacacs
		vpn fw firewall gw gateway proxy bastion jump jumphost jumpbox jenkins git gitlab gerrit jira confluence wiki build builder
		ci artifactory nexus repo vault hsm pki ca kdc esx esxi vcenter vm hv k8s kube node worker master docker registry nas san
		nfs smb file fileserver fs backup bkp mail smtp imap mx exch exchange owa web www app api host prod staging stage stg dev uat
		qa test int intern internal intranet corp lab mgmt admin oob ilo idrac rdp citrix ws wks pc desktop laptop
		printer prn sw switch rtr router core edge lb cache syslog siem splunk scada plc hmi signing sign codesign sso idp okta
		billing crm erp sap monitoring nagios grafana zabbix print term terminal rds vdi cam nvr iot buildbot ops`)
	// publicWords say so little, in a name of three labels and more without a number,
	// that the public may well know it.
	publicWords = set(`web www app api mail wiki repo log file node core edge ca test host cache registry docker git build ops print sign es ws oracle`)
)
