// reader FILE: for each line "shape TAB value" the certificates in it, in base64 of their DER, or why there are none.
package main

import (
	"bytes"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"fmt"
	"net/url"
	"os"
	"regexp"
	"strings"
)

func main() {
	text, err := os.ReadFile(os.Args[1])
	if err != nil {
		panic(err)
	}
	for _, line := range strings.Split(strings.TrimSuffix(string(text), "\n"), "\n") {
		shape, value, _ := strings.Cut(line, "\t")
		read, err := certificates(shape, value)
		if err != nil {
			fmt.Println("fault", strings.ReplaceAll(err.Error(), "\n", " "))
		} else {
			fmt.Println("read", strings.Join(read, ","))
		}
	}
}

func certificates(shape, value string) ([]string, error) {
	der, err := octets(shape, value)
	if err != nil {
		return nil, err
	}
	parsed, err := x509.ParseCertificates(der)
	if err != nil {
		return nil, err
	}
	read := []string{}
	for _, one := range parsed {
		read = append(read, base64.StdEncoding.EncodeToString(one.Raw))
	}
	return read, nil
}

// DER, one certificate behind the other: what ParseCertificates takes.
func octets(shape, value string) ([]byte, error) {
	switch shape {
	case "pem":
		text, err := base64.StdEncoding.DecodeString(value)
		if err != nil {
			return nil, err
		}
		return inPem(text)
	case "byte-sequences":
		return each(value, ", ", func(one string) string { return strings.Trim(one, ":") })
	case "base64":
		return base64.StdEncoding.DecodeString(value)
	case "base64-list":
		return each(value, ",", func(one string) string { return one })
	case "escaped-pem":
		text, err := url.QueryUnescape(value)
		if err != nil {
			return nil, err
		}
		return inPem([]byte(text))
	case "half-escaped-pem":
		text, err := url.PathUnescape(value)
		if err != nil {
			return nil, err
		}
		return inPem([]byte(text))
	case "spaced-pem":
		text := strings.ReplaceAll(value, " ", "\n")
		return inPem([]byte(strings.NewReplacer("BEGIN\n", "BEGIN ", "END\n", "END ").Replace(text)))
	case "xfcc-cert":
		return octets("escaped-pem", quoted("Cert", value))
	case "xfcc-chain":
		return octets("escaped-pem", quoted("Chain", value))
	}
	return nil, errors.New(shape)
}

func inPem(text []byte) ([]byte, error) {
	var der bytes.Buffer
	for {
		block, rest := pem.Decode(text)
		if block == nil {
			break
		}
		der.Write(block.Bytes)
		text = rest
	}
	if der.Len() == 0 {
		return nil, errors.New("no PEM block")
	}
	return der.Bytes(), nil
}

func each(list, separator string, inner func(string) string) ([]byte, error) {
	var joined bytes.Buffer
	for _, one := range strings.Split(list, separator) {
		der, err := base64.StdEncoding.DecodeString(inner(one))
		if err != nil {
			return nil, err
		}
		joined.Write(der)
	}
	return joined.Bytes(), nil
}

func quoted(key, value string) string {
	found := regexp.MustCompile(`(?:^|;)` + key + `="([^"]*)"`).FindStringSubmatch(value)
	if found == nil {
		return ""
	}
	return found[1]
}
